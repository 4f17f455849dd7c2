using System.Globalization;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Tokens;
using Attune.Methods.Reward;
using Attune.Training.Rewards;

namespace Attune.Recipes.Stages;

/// <summary>How well a reward model orders what it was not trained on.</summary>
internal static class RewardFigures
{
    /// <param name="pairs">The held-out pairs; where there are none, verdicts are measured.</param>
    public static StageResult Of<TItem>(
        string kind,
        RewardModel model,
        IReadOnlyList<(TokenSequence Better, TokenSequence Worse)> pairs,
        IEnumerable<TItem> heldOut
    )
    {
        RatedSequence[] ratings = [.. heldOut.OfType<RatedSequence>()];
        return pairs.Count > 0 ? OfPairs(kind, PairFit.Of(model, pairs))
            : ratings.Length > 0 ? OfRatings(kind, model, ratings)
            : OfVerdicts(kind, model, [.. heldOut.OfType<LabelledSequence>()]);
    }

    /// <summary>Ratings: the mean squared error on the scale from -1 to 1, and Pearson's correlation of rewards with ratings.</summary>
    private static StageResult OfRatings(string kind, RewardModel model, RatedSequence[] heldOut)
    {
        var rewards = model.Trained([.. heldOut.Select(h => h.Sequence)]);
        double[] targets = [.. heldOut.Select(h => h.Target)];
        return new StageResult(
            kind,
            0,
            new Dictionary<string, double>
            {
                ["mean_squared_error"] = rewards.Zip(targets, (r, t) => (r - t) * (r - t)).Average(),
                ["correlation"] = Correlation.Pearson(rewards, targets) ?? double.NaN,
            }
        );
    }

    /// <summary>From raw rewards to the reward's unit: of the one member, or of each as if it were alone.</summary>
    public static IEnumerable<KeyValuePair<string, double>> OfUnits(RewardModel model) =>
        Enumerable
            .Range(0, model.Members.Count)
            .SelectMany(i =>
            {
                var suffix = model.Members.Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"_{i + 1}");
                var unit = model.UnitAlone(i);
                return new KeyValuePair<string, double>[] { new("shift" + suffix, unit.Shift), new("scale" + suffix, unit.Scale) };
            });

    private static StageResult OfPairs(string kind, PairFit fit)
    {
        var interval = fit.Interval;
        return new StageResult(
            kind,
            0,
            new Dictionary<string, double>
            {
                ["accuracy"] = fit.Accuracy,
                ["accuracy_low"] = interval.Low,
                ["accuracy_high"] = interval.High,
                ["margin"] = fit.Margin,
                ["calibration_error"] = fit.CalibrationError,
                ["held_out_pairs"] = fit.Pairs,
            }
        )
        {
            Calibration = fit.Bins,
        };
    }

    /// <summary>Verdicts: share of right signs, and the probability that a desirable answer outscores an undesirable one (AUC).</summary>
    private static StageResult OfVerdicts(string kind, RewardModel model, LabelledSequence[] heldOut)
    {
        if (heldOut.Length == 0)
        {
            return new StageResult(kind, 0, new Dictionary<string, double>());
        }

        return OfVerdicts(kind, model.Trained([.. heldOut.Select(h => h.Sequence)]), [.. heldOut.Select(h => h.Desirable)]);
    }

    /// <param name="scores">Above 0 for what is thought desirable.</param>
    /// <param name="desirable">What it is, at least one.</param>
    internal static StageResult OfVerdicts(string kind, double[] scores, bool[] desirable)
    {
        var right = desirable.Select((d, i) => scores[i] > 0 == d ? 1.0 : 0).Average();
        var interval = Wilson.Of(right, desirable.Length);
        double[] good = [.. scores.Where((_, i) => desirable[i])];
        double[] bad = [.. scores.Where((_, i) => !desirable[i])];
        var above = good.Sum(g =>
            bad.Sum(b =>
                g > b ? 1.0
                : g == b ? 0.5
                : 0
            )
        );
        return new StageResult(
            kind,
            0,
            new Dictionary<string, double>
            {
                ["accuracy"] = right,
                ["accuracy_low"] = interval.Low,
                ["accuracy_high"] = interval.High,
                ["auc"] = good.Length * bad.Length == 0 ? double.NaN : above / ((double)good.Length * bad.Length),
            }
        );
    }
}
