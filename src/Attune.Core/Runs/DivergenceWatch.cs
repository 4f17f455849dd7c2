using System.Globalization;

namespace Attune.Core.Runs;

/// <summary>
/// Notices that a stage's training has diverged: figures that are not finite, held-out figures or losses far above where they began, a
/// policy that left its reference. The bounds are far outside of what training that works shows: a warning is meant to be believed.
/// </summary>
public sealed class DivergenceWatch
{
    /// <summary>How far a loss or perplexity may rise above where it began.</summary>
    private const double Factor = 10;

    /// <summary>The same of the perplexity of answers under the pretrained model, which rewards may raise for good reason.</summary>
    private const double AnswerFactor = 100;

    /// <summary>Nats from the reference for each token of an answer: tokens that the reference would hardly ever write.</summary>
    private const double MostNatsPerToken = 3;

    /// <summary>Losses below it count as it: ten times nearly nothing is still little.</summary>
    private const double LeastLoss = 0.1;

    /// <summary>Updates over which training losses are averaged: one hard batch is no divergence.</summary>
    private const int Recent = 5;

    private static readonly string[] MustBeFinite = ["loss", "eval_loss", "eval_perplexity", "objective/kl", "eval/kl"];
    private readonly Dictionary<string, double> _first = [];
    private readonly Queue<double> _losses = [];
    private bool _hasKl;
    private bool _isLikelihood;

    /// <summary>What was found first; null while all is well.</summary>
    public string? Found { get; private set; }

    /// <summary>What is wrong with a stage by what it logged and its final figures; null where nothing is.</summary>
    /// <param name="figures">Those of its result; null while it has none.</param>
    public static string? Of(IEnumerable<RunEvent> events, IReadOnlyDictionary<string, double>? figures)
    {
        var watch = new DivergenceWatch();
        foreach (var entry in events)
        {
            watch.Observe(entry);
        }

        return watch.Found ?? (figures is null ? null : OfFigures(figures));
    }

    /// <summary>The next event of the stage, in the order logged.</summary>
    /// <returns>A sentence, where this event is the first to show that training has diverged.</returns>
    public string? Observe(RunEvent entry)
    {
        if (Found is not null)
        {
            return null;
        }

        var at = string.Create(CultureInfo.InvariantCulture, $"at update {entry.Updates}");
        Found = NotFinite(entry.Metrics, at) ?? HeldOut(entry.Metrics, at) ?? Loss(entry.Metrics, at) ?? Distance(entry.Metrics, at);
        return Found;
    }

    /// <summary>The same by figures before and after a stage.</summary>
    public static string? OfFigures(IReadOnlyDictionary<string, double> figures) =>
        NotFinite(figures, "at the end")
        ?? Rise("eval_perplexity", "eval_perplexity_before", "eval_perplexity", Factor, figures)
        ?? (figures.ContainsKey("eval_perplexity") ? null : Rise("eval_loss", "eval_loss_before", "eval_loss", Factor, figures))
        ?? Rise(
            "perplexity of the answers under the pretrained model",
            "perplexity_pretrained_before",
            "perplexity_pretrained_after",
            AnswerFactor,
            figures
        );

    private static string? NotFinite(IReadOnlyDictionary<string, double> metrics, string at) =>
        MustBeFinite.FirstOrDefault(m => metrics.TryGetValue(m, out var value) && !double.IsFinite(value)) is { } name
            ? $"{name} is not a finite number {at}"
            : null;

    private string? HeldOut(IReadOnlyDictionary<string, double> metrics, string at)
    {
        // The logarithm of the other: one of them says it.
        var name = metrics.ContainsKey("eval_perplexity") ? "eval_perplexity" : "eval_loss";
        if (!metrics.TryGetValue(name, out var value))
        {
            return null;
        }

        _first.TryAdd(name, value);
        return IsFarAbove(value, _first[name], Factor) ? Text(name, _first[name], value, at) : null;
    }

    private string? Loss(IReadOnlyDictionary<string, double> metrics, string at)
    {
        // The loss of methods that sample has no scale of its own; their distance from the reference has.
        _hasKl |= metrics.ContainsKey("objective/kl");
        _isLikelihood |= metrics.ContainsKey("mean_token_accuracy");
        if (!metrics.TryGetValue("loss", out var loss))
        {
            return null;
        }

        _first.TryAdd("loss", loss);
        _losses.Enqueue(loss);
        if (_losses.Count > Recent)
        {
            _losses.Dequeue();
        }

        var (first, recent) = (_first["loss"], _losses.Average());
        // Nats a token: as much as a perplexity that is so many times as large.
        var isFar = _isLikelihood ? recent - first > Math.Log(Factor) : IsFarAbove(recent, first, Factor);
        return !_hasKl && _losses.Count == Recent && isFar ? Text("loss", first, recent, at) : null;
    }

    private static string? Distance(IReadOnlyDictionary<string, double> metrics, string at)
    {
        foreach (var (name, length) in new[] { ("objective/kl", "response_length/mean"), ("eval/kl", "eval/response_length") })
        {
            if (
                metrics.TryGetValue(name, out var kl)
                && metrics.TryGetValue(length, out var tokens)
                && kl > MostNatsPerToken * Math.Max(1, tokens)
            )
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} is {kl:0} nats over answers of {tokens:0} tokens {at}: the policy has left its reference"
                );
            }
        }

        return null;
    }

    private static string? Rise(string name, string before, string after, double factor, IReadOnlyDictionary<string, double> figures) =>
        figures.TryGetValue(before, out var first) && figures.TryGetValue(after, out var last) && IsFarAbove(last, first, factor)
            ? Text(name, first, last, "at the end")
            : null;

    private static bool IsFarAbove(double value, double first, double factor) => value > factor * Math.Max(LeastLoss, Math.Abs(first));

    private static string Text(string name, double first, double value, string at) =>
        string.Create(CultureInfo.InvariantCulture, $"{name} rose from {first:g4} to {value:g4} {at}");
}
