using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Runs;

namespace Attune.Core.Rollouts;

/// <summary>One answer to draw.</summary>
/// <param name="Prompt">Token ids, begin token included where the model wants one; at least one.</param>
/// <param name="Seed">Decides the answer alone: neither batch size nor the other requests change it.</param>
public sealed record SampleRequest(ImmutableArray<int> Prompt, Seed Seed)
{
    /// <summary>The other columns of the prompt's row, handed on to the rollout.</summary>
    public IReadOnlyDictionary<string, JsonElement> Columns { get; init; } = ImmutableSortedDictionary<string, JsonElement>.Empty;
}
