using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Runs;

namespace Attune.Data.Judging;

/// <summary>An answer that is to be criticised, or revised, by a principle.</summary>
/// <param name="Seed">Determines the text, as far as the critic follows seeds.</param>
public sealed record Draft(Prompt Prompt, string Answer, Principle Principle, Seed Seed)
{
    /// <summary>What the critic found; empty before it is asked.</summary>
    public string Critique { get; init; } = "";
}

/// <summary>Criticises and revises answers: a model, or a rule.</summary>
public interface ICritic
{
    /// <summary>For records and logs.</summary>
    string Name { get; }

    /// <summary>What of each answer breaks its principle, in order.</summary>
    Task<ImmutableArray<string>> CritiqueAsync(IReadOnlyList<Draft> drafts, IProgress<int>? finished, CancellationToken cancel);

    /// <summary>Each answer without what its critique found, in order; empty where the critic has none.</summary>
    Task<ImmutableArray<string>> ReviseAsync(IReadOnlyList<Draft> drafts, IProgress<int>? finished, CancellationToken cancel);
}
