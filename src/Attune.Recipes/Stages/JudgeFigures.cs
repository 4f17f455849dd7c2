using System.Globalization;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Data.Judging;

namespace Attune.Recipes.Stages;

/// <summary>What a judge is measured by.</summary>
internal static class JudgeFigures
{
    /// <summary>Figures with their intervals; those that are not defined are left out.</summary>
    public static Dictionary<string, double> Of(IReadOnlyList<JudgedPair> pairs, Seed seed)
    {
        (string Name, Func<IReadOnlyList<JudgedPair>, double> Figure)[] measures =
        [
            ("agreement", JudgeMeasurement.Agreement),
            ("cohens_kappa", JudgeMeasurement.CohensKappa),
            ("krippendorffs_alpha", JudgeMeasurement.KrippendorffsAlpha),
            ("first_shown_wins", JudgeMeasurement.FirstShown),
            ("consistency", JudgeMeasurement.Consistency),
            ("longer_wins", p => JudgeMeasurement.Longer(p, pair => pair.Judge)),
            ("longer_wins_people", p => JudgeMeasurement.Longer(p, pair => pair.People)),
        ];
        var figures = new Dictionary<string, double>
        {
            ["pairs"] = pairs.Count,
            ["decided"] = pairs.Count(p => p.Judge is not null),
            ["unread"] = pairs.Count(p => p.Comparison.Probability is null),
            ["by_votes"] = pairs.Count(p => p.Comparison.Shown.Evidence == Evidence.Votes),
            ["calibration_error"] = Calibration.ExpectedError(JudgeMeasurement.CalibrationOf(pairs)),
        };
        foreach (var (name, figure) in measures)
        {
            var interval = JudgeMeasurement.IntervalOf(pairs, figure, seed);
            (figures[name], figures[name + "_low"], figures[name + "_high"]) = (interval.Value, interval.Low, interval.High);
        }

        return figures.Where(f => double.IsFinite(f.Value)).ToDictionary(f => f.Key, f => f.Value);
    }

    /// <summary>What the figures say, in a sentence or two.</summary>
    public static string Reading(string judge, IReadOnlyDictionary<string, double> figures, Interval kappa)
    {
        static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
        var useful =
            double.IsNaN(kappa.Low) ? "too few pairs to tell"
            : kappa.Low > 0 ? "more than chance"
            : "not shown to be more than chance";
        return $"{judge} agrees with people in {Number(figures["agreement"])} of {figures["decided"]} decided pairs (kappa "
            + $"{Number(kappa.Value)}, {Number(kappa.Low)} to {Number(kappa.High)}): {useful}. The answer shown first wins "
            + $"{Number(figures["first_shown_wins"])} of the showings; both orders have the same winner in "
            + $"{(figures.TryGetValue("consistency", out var same) ? Number(same) : "none")}.";
    }
}
