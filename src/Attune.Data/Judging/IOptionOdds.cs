using System.Collections.Immutable;
using Attune.Core.Conversations;

namespace Attune.Data.Judging;

/// <summary>Reads from a model how likely it finds the replies A and B, without sampling.</summary>
public interface IOptionOdds
{
    /// <summary>The log-probabilities of A and B, nats, in the order of the questions; null where the model tells none.</summary>
    Task<ImmutableArray<(double First, double Second)?>> OfAsync(
        IReadOnlyList<Prompt.Chat> questions,
        IProgress<int>? finished,
        CancellationToken cancel
    );
}
