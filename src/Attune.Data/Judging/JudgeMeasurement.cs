using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Core.Statistics;

namespace Attune.Data.Judging;

/// <summary>A comparison by a judge beside what people said of the same pair.</summary>
/// <param name="People">Whether people prefer a.</param>
public sealed record JudgedPair(ModelComparison Comparison, bool People)
{
    /// <summary>Whether the judge prefers a; null for a tie, and where nothing could be read.</summary>
    public bool? Judge => Comparison.Probability is { } a && a != 0.5 ? a > 0.5 : null;
}

/// <summary>How far a judge is to be believed on pairs that people have labelled.</summary>
public static class JudgeMeasurement
{
    private const int Bins = 5;

    /// <summary>The share of decided pairs in which judge and people agree.</summary>
    public static double Agreement(IReadOnlyList<JudgedPair> pairs) =>
        Share(pairs.Where(p => p.Judge is not null), p => p.Judge == p.People);

    /// <summary>Cohen's kappa of judge and people over decided pairs.</summary>
    public static double CohensKappa(IReadOnlyList<JudgedPair> pairs) =>
        Kappa.Cohen([.. pairs.Where(p => p.Judge is not null).Select(p => (p.People ? 1 : 0, p.Judge!.Value ? 1 : 0))]);

    /// <summary>Krippendorff's alpha of judge and people, nominal; undecided pairs have one value and do not count.</summary>
    public static double KrippendorffsAlpha(IReadOnlyList<JudgedPair> pairs) =>
        Alpha.Of(
            [.. pairs.Select(p => p.Judge is { } judge ? (double[])[p.People ? 1 : 0, judge ? 1 : 0] : [p.People ? 1 : 0])],
            MeasurementLevel.Nominal
        );

    /// <summary>The share of showings that the answer shown first wins, ties half: one half where the position does not count.</summary>
    public static double FirstShown(IReadOnlyList<JudgedPair> pairs) =>
        Mean(
            pairs
                .SelectMany(p => new[] { p.Comparison.Shown.First, p.Comparison.Reversed.First })
                .OfType<double>()
                .Select(first =>
                    first > 0.5 ? 1.0
                    : first == 0.5 ? 0.5
                    : 0
                )
        );

    /// <summary>The share of pairs that have the same winner in both orders, of those that were read and decided in both.</summary>
    public static double Consistency(IReadOnlyList<JudgedPair> pairs) =>
        Share(
            pairs.Where(p =>
                p.Comparison.Shown.First is { } shown && p.Comparison.Reversed.First is { } reversed && shown != 0.5 && reversed != 0.5
            ),
            p => !p.Comparison.IsInconsistent
        );

    /// <summary>The share of decided pairs of different lengths in which the longer answer, in characters, is preferred.</summary>
    /// <param name="prefersA">Whose preference; null where there is none.</param>
    public static double Longer(IReadOnlyList<JudgedPair> pairs, Func<JudgedPair, bool?> prefersA) =>
        Share(
            pairs.Where(p => p.Judge is not null && p.Comparison.Pair.A.Length != p.Comparison.Pair.B.Length),
            p => prefersA(p) == (p.Comparison.Pair.A.Length > p.Comparison.Pair.B.Length)
        );

    /// <summary>How often people agree where the judge is so sure of its winner, from one half to 1.</summary>
    public static ImmutableArray<CalibrationBin> CalibrationOf(IReadOnlyList<JudgedPair> pairs) =>
        [
            .. pairs
                .Where(p => p.Judge is not null)
                .Select(p =>
                    (Sure: Math.Max(p.Comparison.Probability!.Value, 1 - p.Comparison.Probability.Value), Right: p.Judge == p.People)
                )
                .GroupBy(p => Math.Min(Bins - 1, (int)((p.Sure - 0.5) * 2 * Bins)))
                .OrderBy(g => g.Key)
                .Select(g => new CalibrationBin(g.Average(p => p.Sure), g.Average(p => p.Right ? 1.0 : 0), g.Count())),
        ];

    /// <summary>A figure with its 95% interval over pairs.</summary>
    public static Interval IntervalOf(IReadOnlyList<JudgedPair> pairs, Func<IReadOnlyList<JudgedPair>, double> figure, Seed seed) =>
        Bootstrap.Of(pairs, figure, seed);

    private static double Share(IEnumerable<JudgedPair> pairs, Func<JudgedPair, bool> holds) => Mean(pairs.Select(p => holds(p) ? 1.0 : 0));

    private static double Mean(IEnumerable<double> values) => values.DefaultIfEmpty(double.NaN).Average();
}
