using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Tokens;
using Attune.Training.Rewards;

namespace Attune.Methods.Reward;

/// <summary>How well a reward model orders pairs that it has not seen.</summary>
/// <param name="Accuracy">Share of pairs ordered as labelled, strictly.</param>
/// <param name="Margin">Mean difference of rewards in the trained unit, log-odds.</param>
/// <param name="CalibrationError">Expected calibration error over ten bins of confidence.</param>
/// <param name="Bins">Confidence against how often it was right.</param>
public sealed record PairFit(double Accuracy, double Margin, double CalibrationError, int Pairs, ImmutableArray<CalibrationBin> Bins)
{
    private const int BinCount = 10;

    /// <summary>Wilson's 95% interval of the accuracy.</summary>
    public Interval Interval => Wilson.Of(Accuracy, Pairs);

    /// <summary>Scores both halves of every pair.</summary>
    public static PairFit Of(RewardModel model, IReadOnlyList<(TokenSequence Better, TokenSequence Worse)> pairs)
    {
        TokenSequence[] answers = [.. pairs.Select(p => p.Better), .. pairs.Select(p => p.Worse)];
        var margins = Differences(model.Trained(answers)); // Bradley-Terry's probabilities hold in the trained unit
        // What counts is the order of the rewards as they are used: with several members their units and aggregation can change it.
        var used = model.Members.Count == 1 ? margins : Differences([.. model.Score(answers).Select(s => s.Reward)]);
        var bins = margins
            .Select(m => (Confidence: 1 / (1 + Math.Exp(-Math.Abs(m))), Right: m > 0))
            .GroupBy(m => Math.Min(BinCount - 1, (int)((m.Confidence - 0.5) * 2 * BinCount)))
            .OrderBy(g => g.Key)
            .Select(g => new CalibrationBin(g.Average(m => m.Confidence), g.Average(m => m.Right ? 1.0 : 0.0), g.Count()))
            .ToImmutableArray();
        return new PairFit(used.Average(m => m > 0 ? 1.0 : 0.0), margins.Average(), Calibration.ExpectedError(bins), pairs.Count, bins);
    }

    /// <summary>First half minus second half.</summary>
    private static double[] Differences(double[] rewards) =>
        [.. rewards.Take(rewards.Length / 2).Zip(rewards.Skip(rewards.Length / 2), (better, worse) => better - worse)];
}
