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
    ) => pairs.Count > 0 ? OfPairs(kind, PairFit.Of(model, pairs)) : OfVerdicts(kind, model, [.. heldOut.OfType<LabelledSequence>()]);

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

        var scores = (model with { Shift = 0, Scale = 1 }).Score([.. heldOut.Select(h => h.Sequence)]);
        var right = heldOut.Select((h, i) => scores[i].Reward > 0 == h.Desirable ? 1.0 : 0).Average();
        var interval = Wilson.Of(right, heldOut.Length);
        var good = heldOut.Select((h, i) => (h, scores[i].Reward)).Where(s => s.h.Desirable).Select(s => s.Reward).ToArray();
        var bad = heldOut.Select((h, i) => (h, scores[i].Reward)).Where(s => !s.h.Desirable).Select(s => s.Reward).ToArray();
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
