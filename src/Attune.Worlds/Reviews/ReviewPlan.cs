using System.Collections.Immutable;

namespace Attune.Worlds.Reviews;

/// <summary>How the hidden factors of reviews are drawn, each independently of the others.</summary>
public sealed record ReviewPlan
{
    /// <summary>The texts of pretraining: sentiment uniform over -1 to 1.</summary>
    public static ReviewPlan Pretraining { get; } = new();

    /// <summary>
    /// Demonstrations: as many good as bad reviews, most of them mixed, so that alignment has room to improve; shorter, so
    /// that nine answers in ten fit into 64 tokens of a vocabulary of 1024.
    /// </summary>
    public static ReviewPlan Mixed { get; } =
        new()
        {
            SentimentSpread = 0.45,
            SentimentShape = SentimentShape.Normal,
            LengthWeights = [3.5, 4, 1.2, 0.1],
        };

    public SentimentShape SentimentShape { get; init; } = SentimentShape.Uniform;

    /// <summary>Half the width of the uniform, or the standard deviation of the normal (cut at -1 and 1).</summary>
    public double SentimentSpread { get; init; } = 1;

    /// <summary>Standard deviation of a sentence's judgement around the review's sentiment.</summary>
    public double SentenceSpread { get; init; } = 0.35;

    /// <summary>Relative weights of reviews of 1, 2, 3, ... units; a unit is a sentence, seldom two.</summary>
    public ImmutableArray<double> LengthWeights { get; init; } = [2.5, 3.5, 2, 0.8, 0.2];
}
