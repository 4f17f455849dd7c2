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
        var figures = new Dictionary<string, double>
        {
            ["pairs"] = pairs.Count,
            ["decided"] = pairs.Count(p => p.Judge is not null),
            ["unread"] = pairs.Count(p => p.Comparison.Probability is null),
            ["by_votes"] = pairs.Count(p => p.Comparison.Shown.Evidence == Evidence.Votes),
            ["calibration_error"] = Calibration.ExpectedError(JudgeMeasurement.CalibrationOf(pairs)),
        };
        WithInterval(figures, "agreement", JudgeMeasurement.Agreement);
        WithInterval(figures, "cohens_kappa", JudgeMeasurement.CohensKappa);
        WithInterval(figures, "krippendorffs_alpha", JudgeMeasurement.KrippendorffsAlpha);
        WithInterval(figures, "first_shown_wins", JudgeMeasurement.FirstShown);
        WithInterval(figures, "consistency", JudgeMeasurement.Consistency);
        WithInterval(figures, "longer_wins", p => JudgeMeasurement.Longer(p, pair => pair.Judge));
        WithInterval(figures, "longer_wins_people", p => JudgeMeasurement.Longer(p, pair => pair.People));
        return figures.Where(f => double.IsFinite(f.Value)).ToDictionary(f => f.Key, f => f.Value);

        void WithInterval(Dictionary<string, double> all, string name, Func<IReadOnlyList<JudgedPair>, double> figure)
        {
            var interval = JudgeMeasurement.IntervalOf(pairs, figure, seed);
            (all[name], all[name + "_low"], all[name + "_high"]) = (interval.Value, interval.Low, interval.High);
        }
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
