using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Runs;

namespace Attune.Data.Judging;

/// <summary>Two answers as they are shown to a judge, in this order.</summary>
public sealed record ShownPair(Prompt Prompt, string First, string Second, Principle Principle, Seed Seed);

/// <summary>What a probability comes from.</summary>
public enum Evidence
{
    /// <summary>The log-probabilities of the two options.</summary>
    LogProbabilities,

    /// <summary>The share of sampled replies: a coarse estimate.</summary>
    Votes,

    /// <summary>A rule.</summary>
    Rule,
}

/// <summary>What a judge says of a pair in one order.</summary>
/// <param name="First">The probability that the answer shown first is better; null where no reply could be read.</param>
/// <param name="PromptHash">SHA-256 of what the judge was asked.</param>
public sealed record PairOpinion(double? First, Evidence Evidence, string PromptHash)
{
    /// <summary>The judge's thoughts, where it was asked for them.</summary>
    public string? Thought { get; init; }
}

/// <summary>Says which of two answers keeps a principle better, and how sure it is.</summary>
public interface IPairJudge
{
    /// <summary>The author of the labels.</summary>
    string Name { get; }

    /// <summary>Changes with the model and with the way it is asked; what was measured of a judge holds for this hash alone.</summary>
    string Hash { get; }

    /// <summary>Opinions in the order of the pairs.</summary>
    Task<ImmutableArray<PairOpinion>> JudgeAsync(IReadOnlyList<ShownPair> pairs, IProgress<int>? finished, CancellationToken cancel);
}
