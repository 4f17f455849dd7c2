using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Files;
using Attune.Reports.Frontier;
using Attune.Training.Evaluation;
using Attune.Worlds.Exact;

namespace Attune.Frontier;

/// <summary>
/// What one seed's base gives without training a method: the start, best-of-n at every n, and the curves that limit all methods.
/// </summary>
/// <param name="BestOf">By n, in the order of the recipe.</param>
/// <param name="Ceilings">By name; the points of one ceiling stand for the same temperatures in every seed.</param>
internal sealed record SeedCurves(
    FrontierPoint Reference,
    ImmutableArray<FrontierPoint> BestOf,
    ImmutableSortedDictionary<string, ImmutableArray<FrontierPoint>> Ceilings,
    double Seconds
)
{
    public const string ProxyPosterior = "exact posterior of the proxy";
    public const string GoldPosterior = "exact posterior of gold";
    public const string Reweighted = "reference reweighted by the proxy";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>
    /// Temperatures of the posteriors: from one that barely moves the reference to one that nearly takes the best answer alone.
    /// </summary>
    private static readonly double[] Temperatures = [.. Enumerable.Range(0, 49).Select(i => 16 * Math.Pow(0.02 / 16, i / 48.0))];

    public static async Task<SeedCurves> MeasureAsync(
        FrontierEvaluation evaluation,
        FrontierEvaluationOptions options,
        Action<int, int> finished,
        CancellationToken cancel
    )
    {
        var clock = Stopwatch.StartNew();
        var (reference, _) = await evaluation.EvaluateAsync(evaluation.Reference, cancel);
        if (evaluation.Exact is { } exact)
        {
            return Counted(exact, options, reference, clock);
        }

        if (options.BestOf.IsDefaultOrEmpty)
        {
            return new SeedCurves(
                reference,
                [],
                ImmutableSortedDictionary<string, ImmutableArray<FrontierPoint>>.Empty,
                clock.Elapsed.TotalSeconds
            );
        }

        var draws = Math.Max(options.Draws, options.BestOf.Max());
        var groups = await evaluation.DrawAsync(draws, finished, cancel);
        // The evaluation has other prompts, each once: what counts is the gain over one draw, on top of what the reference has there.
        var single = Best(groups, 1);
        FrontierPoint Gain(FrontierPoint point) =>
            point with
            {
                Gold = reference.Gold + point.Gold - single.Gold,
                Proxy = reference.Proxy + point.Proxy - single.Proxy,
            };
        var ceilings = ImmutableSortedDictionary<string, ImmutableArray<FrontierPoint>>.Empty.Add(
            Reweighted,
            [.. Temperatures.Select(b => Gain(Reweigh(groups, b)))]
        );
        return new SeedCurves(reference, [.. options.BestOf.Select(n => Gain(Best(groups, n)))], ceilings, clock.Elapsed.TotalSeconds);
    }

    public static SeedCurves? Read(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<SeedCurves>(File.ReadAllText(path), Json) : null;
        }
        catch (JsonException problem)
        {
            throw new DataException($"{path} is damaged: {problem.Message.TrimEnd('.')}. Delete it to have it measured again.");
        }
    }

    public void Save(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, Json));

    private static SeedCurves Counted(ExactEvaluation exact, FrontierEvaluationOptions options, FrontierPoint reference, Stopwatch clock)
    {
        FrontierPoint Point(Func<ExactEvaluation.Question, double[]> policy) =>
            FrontierEvaluation.PointOf(exact.Measure([.. exact.Questions.Select(policy)], beta: null));
        ImmutableArray<FrontierPoint> Posteriors(Func<ExactEvaluation.Question, double[]> reward) =>
            [.. Temperatures.Select(beta => Point(q => Posterior.Of(q.Prior, reward(q), beta).Probabilities))];
        return new SeedCurves(
            reference,
            [.. (options.BestOf.IsDefault ? [] : options.BestOf).Select(n => Point(q => BestOfN.Of(q.Prior, q.Proxy!, n)))],
            ImmutableSortedDictionary<string, ImmutableArray<FrontierPoint>>
                .Empty.Add(ProxyPosterior, Posteriors(q => q.Proxy!))
                .Add(GoldPosterior, Posteriors(q => q.Gold!)),
            clock.Elapsed.TotalSeconds
        );
    }

    /// <summary>
    /// Best-of-n estimated without bias from more draws than n; its divergence is the bound, which is all but reached where answers rarely
    /// repeat.
    /// </summary>
    private static FrontierPoint Best(ImmutableArray<(double Proxy, double Gold)[]> groups, int n) =>
        new(
            BestOfN.DivergenceBound(n),
            groups.Average(g => Weighted(g, BestOfN.SampleWeights(g.Length, n), s => s.Gold)),
            groups.Average(g => Weighted(g, BestOfN.SampleWeights(g.Length, n), s => s.Proxy))
        );

    /// <summary>
    /// The posterior at a temperature, estimated by weighing each prompt's draws with exp(proxy / beta). Not a number where fewer than
    /// eight draws carry the weight (effective sample size, Kong 1992): such an estimate would rest on a few answers' luck.
    /// </summary>
    private static FrontierPoint Reweigh(ImmutableArray<(double Proxy, double Gold)[]> groups, double beta)
    {
        var weights = groups
            .Select(g => Posterior.Of([.. g.Select(_ => 1.0 / g.Length)], [.. g.Select(s => s.Proxy)], beta).Probabilities)
            .ToArray();
        if (weights.Average(w => 1 / w.Sum(p => p * p)) < 8)
        {
            return new FrontierPoint(double.NaN, double.NaN, double.NaN);
        }

        double Mean(Func<(double Proxy, double Gold), double> figure) => groups.Select((g, i) => Weighted(g, weights[i], figure)).Average();
        return new FrontierPoint(
            weights.Average(w => Distribution.Divergence(w, [.. w.Select(_ => 1.0 / w.Length)])),
            Mean(s => s.Gold),
            Mean(s => s.Proxy)
        );
    }

    private static double Weighted(
        (double Proxy, double Gold)[] group,
        double[] weights,
        Func<(double Proxy, double Gold), double> figure
    ) => group.Select((s, i) => weights[i] * figure(s)).Sum();
}
