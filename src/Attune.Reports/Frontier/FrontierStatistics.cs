using System.Collections.Immutable;
using Attune.Core.Statistics;

namespace Attune.Reports.Frontier;

/// <summary>A method at one setting over all seeds.</summary>
public sealed record FrontierSetting(string Method, string Setting, Interval Kl, Interval Gold, Interval Proxy, double Seconds)
{
    /// <summary>KL(pi || pi*) in nats, and total variation, to the method's exact optimum; null where none was counted.</summary>
    public (Interval Kl, Interval TotalVariation)? ToOptimum { get; init; }
}

/// <summary>A method at a divergence that others reach too.</summary>
/// <param name="Behind">The leader's gold minus this one's, paired by seed; 0 for the leader.</param>
public sealed record FrontierRank(string Method, Interval Gold, Interval Proxy, Interval Behind);

/// <summary>All methods that reach a divergence, best gold first.</summary>
public sealed record FrontierRanking(double Kl, ImmutableArray<FrontierRank> Ranks);

/// <summary>Whether gold fell while the proxy kept rising.</summary>
/// <param name="Peak">The setting with the highest mean gold.</param>
/// <param name="End">The setting farthest from the reference.</param>
/// <param name="Fall">Gold at the peak minus gold at the end, paired by seed.</param>
/// <param name="Rise">Proxy at the end minus proxy at the peak.</param>
/// <param name="Seeds">Seeds in which gold fell and the proxy rose.</param>
public sealed record FrontierTurn(string Method, FrontierSetting Peak, FrontierSetting End, Interval Fall, Interval Rise, int Seeds)
{
    /// <summary>Both intervals over the seeds exclude 0; with a single seed, both figures are above 0.</summary>
    public bool IsCertain => Peak != End && (Fall.Units > 1 ? Fall.IsPositive && Rise.IsPositive : Fall.Value > 0 && Rise.Value > 0);
}

/// <summary>The statistics of a board, with intervals over seeds.</summary>
public static class FrontierStatistics
{
    // Divergences to compare at, nats.
    private static readonly double[] Grid = [0.1, 0.25, 0.5, 1, 2, 3, 4, 6, 8, 10, 12, 16, 20];

    /// <summary>Means over seeds, method by method, by rising divergence.</summary>
    public static ImmutableArray<FrontierSetting> Settings(this FrontierBoard board) =>
        [
            .. board.Methods.SelectMany(method =>
                board
                    .Cells.Where(c => c.Method == method)
                    .GroupBy(c => c.Setting)
                    .Select(cells => new FrontierSetting(
                        method,
                        cells.Key,
                        Of(cells, c => c.Point.Kl),
                        Of(cells, c => c.Point.Gold),
                        Of(cells, c => c.Point.Proxy),
                        cells.Average(c => c.Seconds)
                    )
                    {
                        ToOptimum = cells.All(c => c.Figures.ContainsKey("posterior_tv_after"))
                            ? (Of(cells, c => c.Figures["posterior_kl_after"]), Of(cells, c => c.Figures["posterior_tv_after"]))
                            : null,
                    })
                    .OrderBy(s => s.Kl.Value)
            ),
        ];

    /// <summary>
    /// Gold and proxy of each method where it has the same divergence as the others: along each seed's own curve, straight in the square
    /// root of KL between neighbouring settings, never beyond the last. A method counts where at least half the seeds reach so far.
    /// </summary>
    public static ImmutableArray<FrontierRanking> EqualDivergence(this FrontierBoard board)
    {
        var curves = board.Methods.ToDictionary(m => m, m => board.Seeds.Select(s => Curve(board, m, s)).ToArray());
        return [.. Grid.Select(kl => Rank(kl, curves)).Where(r => r.Ranks.Length > 1)];
    }

    /// <summary>Each method's turn, whether or not there is one; methods with a single setting have none.</summary>
    public static ImmutableArray<FrontierTurn> Turns(this FrontierBoard board) =>
        [
            .. board
                .Settings()
                .GroupBy(s => s.Method)
                .Where(m => m.Count() > 1)
                .Select(m => Turn(board, m.MaxBy(s => s.Gold.Value)!, m.Last())),
        ];

    private static FrontierTurn Turn(FrontierBoard board, FrontierSetting peak, FrontierSetting end)
    {
        FrontierPoint? At(FrontierSetting setting, ulong seed) =>
            board.Cells.FirstOrDefault(c => c.Method == setting.Method && c.Setting == setting.Setting && c.Seed == seed)?.Point;
        var pairs = board
            .Seeds.Select(seed => (Peak: At(peak, seed), End: At(end, seed)))
            .Where(p => p is { Peak: not null, End: not null })
            .Select(p => (Fall: p.Peak!.Value.Gold - p.End!.Value.Gold, Rise: p.End.Value.Proxy - p.Peak.Value.Proxy))
            .ToArray();
        return new FrontierTurn(
            peak.Method,
            peak,
            end,
            StudentT.Of([.. pairs.Select(p => p.Fall)]),
            StudentT.Of([.. pairs.Select(p => p.Rise)]),
            pairs.Count(p => p is { Fall: > 0, Rise: > 0 })
        );
    }

    /// <summary>A seed's points by rising divergence, the reference first.</summary>
    private static FrontierPoint[] Curve(FrontierBoard board, string method, ulong seed)
    {
        var start = board.References[board.Seeds.IndexOf(seed)];
        return
        [
            start,
            .. board
                .Cells.Where(c => c.Method == method && c.Seed == seed)
                .Select(c => c.Point)
                .Where(p => p.Kl > start.Kl)
                .OrderBy(p => p.Kl),
        ];
    }

    /// <summary>The point of a curve at a divergence; null where the curve does not reach it.</summary>
    internal static FrontierPoint? Along(IReadOnlyList<FrontierPoint> curve, double kl)
    {
        for (var i = 1; i < curve.Count; i++)
        {
            if (curve[i].Kl >= kl && curve[i - 1].Kl <= kl)
            {
                var (low, high) = (Math.Sqrt(Math.Max(0, curve[i - 1].Kl)), Math.Sqrt(curve[i].Kl));
                var share = high > low ? (Math.Sqrt(kl) - low) / (high - low) : 0;
                return new FrontierPoint(
                    kl,
                    curve[i - 1].Gold + (share * (curve[i].Gold - curve[i - 1].Gold)),
                    curve[i - 1].Proxy + (share * (curve[i].Proxy - curve[i - 1].Proxy))
                );
            }
        }

        return null;
    }

    private static FrontierRanking Rank(double kl, Dictionary<string, FrontierPoint[][]> curves)
    {
        var reached = curves
            .Select(c => (Method: c.Key, Points: c.Value.Select(curve => Along(curve, kl)).ToArray()))
            .Where(c => 2 * c.Points.Count(p => p is not null) >= c.Points.Length)
            .Select(c => (c.Method, c.Points, Gold: Of(c.Points, p => p.Gold)))
            .OrderByDescending(c => c.Gold.Value)
            .ToArray();
        return new FrontierRanking(
            kl,
            [.. reached.Select(c => new FrontierRank(c.Method, c.Gold, Of(c.Points, p => p.Proxy), Behind(reached[0].Points, c.Points)))]
        );
    }

    private static Interval Behind(FrontierPoint?[] leader, FrontierPoint?[] other) =>
        StudentT.Of([
            .. leader
                .Zip(other)
                .Where(p => p is { First: not null, Second: not null })
                .Select(p => p.First!.Value.Gold - p.Second!.Value.Gold),
        ]);

    private static Interval Of(IEnumerable<FrontierCell> cells, Func<FrontierCell, double> figure) =>
        StudentT.Of([.. cells.Select(figure)]);

    private static Interval Of(FrontierPoint?[] points, Func<FrontierPoint, double> figure) =>
        StudentT.Of([.. points.OfType<FrontierPoint>().Select(figure)]);
}
