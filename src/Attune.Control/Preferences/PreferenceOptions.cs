using System.Collections.Immutable;
using Attune.Core;

namespace Attune.Control.Preferences;

/// <summary>Which clips a person is asked about.</summary>
public enum QuestionChoice
{
    /// <summary>Any two clips of the round.</summary>
    Random,

    /// <summary>Of ten times as many, those on which the ensemble's votes differ most, then its probabilities.</summary>
    Disagreement,
}

/// <summary>
/// Numbers of reward learning from compared clips. Unless said otherwise the defaults are those of Christiano et al. 2017
/// (arXiv:1706.03741).
/// </summary>
public sealed record PreferenceOptions
{
    /// <summary>Questions asked in the whole run; an answer "cannot tell" counts, because it took a person's time.</summary>
    public int Questions { get; init; } = 700;

    /// <summary>Share asked about clips of the untrained policy. 1 is a run on labels collected beforehand.</summary>
    public double UntrainedShare { get; init; } = 0.25;

    /// <summary>Steps after which questions come half as often; null for a quarter of the run's.</summary>
    public double? HalfRateSteps { get; init; }

    /// <summary>s; null where <see cref="ClipSteps"/> says it.</summary>
    public double ClipSeconds { get; init; } = 1.5;

    /// <summary>Steps of a clip; null for <see cref="ClipSeconds"/>. 1 compares single states.</summary>
    public int? ClipSteps { get; init; }

    public QuestionChoice Choice { get; init; } = QuestionChoice.Random;

    /// <summary>Candidates for each question that is chosen by disagreement.</summary>
    public int CandidatesPerQuestion { get; init; } = 10;

    /// <summary>Members of the ensemble.</summary>
    public int Members { get; init; } = 3;

    /// <summary>Widths of the hidden layers of each member.</summary>
    public ImmutableArray<int> Hidden { get; init; } = [64, 64];

    /// <summary>Share of answers taken to be given by chance, in the second half of each fit.</summary>
    public double Chance { get; init; } = ClipPreferences.Chance;

    /// <summary>The newest labels are kept, so many.</summary>
    public int Capacity { get; init; } = 3000;

    /// <summary>
    /// Updates of each member whenever new labels came, at least one pass; ours, because the paper trains without pause.
    /// </summary>
    public int Updates { get; init; } = 100;

    /// <summary>Updates after the first labels.</summary>
    public int FirstUpdates { get; init; } = 300;

    /// <summary>Labels of an update.</summary>
    public int Minibatch { get; init; } = 32;

    /// <summary>Adam's.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>The loss on held-out labels is kept above this times the loss on the others, both per label.</summary>
    public double LeastRatio { get; init; } = 1.1;

    /// <summary>And below this.</summary>
    public double MostRatio { get; init; } = 1.5;

    /// <summary>The heaviest L2 penalty of the sum of squared weights; ours.</summary>
    public double MostPenalty { get; init; } = 1e-2;

    /// <summary>Refuses numbers that cannot work.</summary>
    public void Validate()
    {
        (bool Wrong, string Problem)[] checks =
        [
            (Questions < 1, $"questions is {Questions}; expected at least 1."),
            (!(UntrainedShare is >= 0 and <= 1), $"untrained_share is {UntrainedShare}; expected 0 to 1."),
            (!(HalfRateSteps is null or > 0), $"half_rate_steps is {HalfRateSteps}; expected more than 0."),
            (!(ClipSeconds > 0), $"clip_seconds is {ClipSeconds}; expected more than 0."),
            (ClipSteps is < 1, $"clip_steps is {ClipSteps}; expected at least 1."),
            (CandidatesPerQuestion < 1, $"candidates_per_question is {CandidatesPerQuestion}; expected at least 1."),
            (Members < 1, $"members is {Members}; expected at least 1."),
            (Choice == QuestionChoice.Disagreement && Members < 2, "one member cannot disagree; expected at least 2 members."),
            (Hidden.Any(h => h < 1), $"hidden is [{string.Join(", ", Hidden)}]; expected widths of at least 1."),
            (!(Chance is >= 0 and < 1), $"chance is {Chance}; expected 0 to below 1."),
            (Capacity < 1, $"capacity is {Capacity}; expected at least 1."),
            (Updates < 1 || FirstUpdates < 1, $"updates is {Updates} and first_updates {FirstUpdates}; expected at least 1."),
            (Minibatch < 1, $"minibatch is {Minibatch}; expected at least 1."),
            (!(LearningRate > 0), $"learning_rate is {LearningRate}; expected more than 0."),
            (!(MostPenalty >= 0), $"most_penalty is {MostPenalty}; expected 0 or more."),
            (!(LeastRatio <= MostRatio), $"least_ratio is {LeastRatio}, above most_ratio {MostRatio}."),
        ];
        string[] problems = [.. checks.Where(c => c.Wrong).Select(c => c.Problem)];
        if (problems.Length > 0)
        {
            throw new ConfigurationException(problems);
        }
    }
}
