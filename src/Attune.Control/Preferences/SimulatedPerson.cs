using Attune.Core;
using Attune.Core.Runs;

namespace Attune.Control.Preferences;

/// <summary>The five knobs of B-Pref's teachers (Lee et al. 2021, arXiv:2111.03026, section 3.2).</summary>
public sealed record SimulatedPersonOptions
{
    /// <summary>Rationality: the difference of sums is multiplied by it; infinite for a person who never errs by closeness.</summary>
    public double Rationality { get; init; } = double.PositiveInfinity;

    /// <summary>Myopia: each step weighs this much less than the one after it; 1 for none.</summary>
    public double Myopia { get; init; } = 1;

    /// <summary>Share of answers given the wrong way round.</summary>
    public double Mistakes { get; init; }

    /// <summary>Sums below this in both clips are skipped: cannot tell; null to skip none.</summary>
    public double? SkipBelow { get; init; }

    /// <summary>Sums closer than this are equal. At 0, only equal sums are.</summary>
    public double EqualWithin { get; init; }

    public void Validate()
    {
        (bool Wrong, string Problem)[] checks =
        [
            (!(Rationality > 0), $"rationality is {Rationality}; expected more than 0, or infinity."),
            (!(Myopia is > 0 and <= 1), $"myopia is {Myopia}; expected above 0 and at most 1."),
            (!(Mistakes is >= 0 and <= 1), $"mistakes is {Mistakes}; expected 0 to 1."),
            (!(EqualWithin >= 0), $"equal_within is {EqualWithin}; expected 0 or more."),
        ];
        string[] problems = [.. checks.Where(c => c.Wrong).Select(c => c.Problem)];
        if (problems.Length > 0)
        {
            throw new ConfigurationException(problems);
        }
    }
}

/// <summary>
/// A person who judges by the environment's reward. Chance has an address: an answer depends on the question's number alone.
/// </summary>
public sealed class SimulatedPerson : IClipJudge
{
    private readonly SimulatedPersonOptions _options;
    private readonly Seed _seed;

    public SimulatedPerson(SimulatedPersonOptions options, Seed seed)
    {
        options.Validate();
        (_options, _seed) = (options, seed);
    }

    /// <summary>P(left is preferred) of a person who errs by closeness alone: 1, 0 or one half where rationality is infinite.</summary>
    /// <param name="difference">left sum minus right</param>
    public static double Probability(double difference, double rationality) =>
        double.IsPositiveInfinity(rationality) ? (Math.Sign(difference) + 1) / 2.0 : ClipPreferences.Probability(difference * rationality);

    /// <summary>Sum in which each step weighs less than the one after it; the last weighs 1.</summary>
    public static double MyopicSum(IReadOnlyList<double> rewards, double myopia) => ClipPreferences.Return([.. rewards.Reverse()], myopia);

    public ClipChoice Judge(ClipQuestion question)
    {
        var (left, right) = (question.Left.Rewards, question.Right.Rewards);
        var (leftSum, rightSum) = (left.Sum(), right.Sum());
        if (_options.SkipBelow is { } least && Math.Max(leftSum, rightSum) < least)
        {
            return ClipChoice.CannotTell;
        }

        if (leftSum == rightSum || Math.Abs(leftSum - rightSum) < _options.EqualWithin)
        {
            return ClipChoice.Equal;
        }

        var chance = _seed.For("person", question.Number).Rng();
        var difference = MyopicSum(left, _options.Myopia) - MyopicSum(right, _options.Myopia);
        var prefersLeft = chance.NextDouble() < Probability(difference, _options.Rationality);
        var errs = chance.NextDouble() < _options.Mistakes;
        return prefersLeft != errs ? ClipChoice.Left : ClipChoice.Right;
    }

    public ValueTask<IReadOnlyList<ClipAnswer>> AskAsync(IReadOnlyList<ClipQuestion> questions, CancellationToken cancel) =>
        ValueTask.FromResult<IReadOnlyList<ClipAnswer>>([.. questions.Select(q => new ClipAnswer(q, Judge(q)))]);
}
