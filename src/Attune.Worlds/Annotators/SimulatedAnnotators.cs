using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;

namespace Attune.Worlds.Annotators;

/// <summary>
/// Annotators who hold a hidden utility and speak in the records that people speak in. Every label is a function of the
/// seed and its index: item 17 is the same whether or not the sixteen before it were asked for.
/// </summary>
public sealed class SimulatedAnnotators
{
    private readonly IUtility _utility;
    private readonly AnnotatorOptions _options;
    private readonly Seed _seed;

    /// <exception cref="Core.ConfigurationException">Options that cannot be.</exception>
    public SimulatedAnnotators(IUtility utility, AnnotatorOptions options, Seed seed)
    {
        ArgumentNullException.ThrowIfNull(utility);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (_utility, _options, _seed) = (utility, options, seed);
    }

    public int Count => _options.Count;

    /// <summary>Who is asked for the item.</summary>
    public int AnnotatorOf(long index) => _seed.For("annotator", index).Rng().NextInt(_options.Count);

    /// <summary>The group of an annotator; null where there are no groups. Members are dealt out by the shares.</summary>
    public AnnotatorGroup? GroupOf(int annotator)
    {
        var left = (annotator + 0.5) / _options.Count * _options.Groups.Sum(g => g.Share);
        return _options.Groups.FirstOrDefault(group => (left -= group.Share) < 0);
    }

    /// <summary>The name in the records: "simulated-3", or "simulated-3-brief" in a group named brief.</summary>
    public string NameOf(int annotator) =>
        GroupOf(annotator) is { } group ? $"simulated-{annotator + 1}-{group.Name}" : $"simulated-{annotator + 1}";

    /// <summary>The utility as one annotator sees it: own weights, group and length bias, before noise.</summary>
    public double TasteOf(int annotator, Prompt prompt, string answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var group = GroupOf(annotator);
        var total = _utility
            .Of(prompt, answer)
            .Components.Sum(c => c.Contribution * FactorOf(annotator, c.Name) * (group?.Emphasis.GetValueOrDefault(c.Name, 1) ?? 1));
        var words = answer.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        return total + ((_options.LengthBias + (group?.LengthTaste ?? 0)) * words / 10);
    }

    /// <summary>Asks the item's annotator which of two answers is better; they are shown in random order.</summary>
    public Comparison Compare(Prompt prompt, string a, string b, long index) => Compare(prompt, a, b, index, AnnotatorOf(index));

    /// <summary>Asks one annotator: for several labels on one pair.</summary>
    public Comparison Compare(Prompt prompt, string a, string b, long index, int annotator)
    {
        var rng = _seed.For("comparison", index, annotator).Rng();
        var (first, second) = rng.NextInt(2) == 0 ? (a, b) : (b, a);
        var difference = TasteOf(annotator, prompt, first) - TasteOf(annotator, prompt, second);
        var draw = rng.NextDouble();
        var odds = Odds(difference + _options.PositionBias);
        var outcome =
            draw < odds.First ? ComparisonOutcome.First
            : draw < odds.First + odds.Second ? ComparisonOutcome.Second
            : ComparisonOutcome.Tie;
        double? margin = _options.Margins is MarginReport.Stated ? Math.Abs(difference) : null;
        return new Comparison(prompt, first, second, outcome, NameOf(annotator), margin);
    }

    /// <summary>Asks for the best of some answers. With <see cref="AnnotatorOptions.FlipRate"/> another one is named by accident.</summary>
    public Choice Choose(Prompt prompt, ImmutableArray<string> answers, long index)
    {
        var annotator = AnnotatorOf(index);
        var rng = _seed.For("choice", index, annotator).Rng();
        var seen = Perceive(annotator, prompt, answers, rng);
        var best = Array.IndexOf(seen, seen.Max());
        if (answers.Length > 1 && rng.NextDouble() < _options.FlipRate)
        {
            best = (best + 1 + rng.NextInt(answers.Length - 1)) % answers.Length;
        }
        return new Choice(prompt, answers, best) { Annotator = NameOf(annotator) };
    }

    /// <summary>
    /// Asks for an order; neighbours no further apart than <see cref="AnnotatorOptions.TieBand"/> share a rank. With
    /// <see cref="AnnotatorOptions.FlipRate"/> the scale is read the wrong way round.
    /// </summary>
    public Ranking Rank(Prompt prompt, ImmutableArray<string> answers, long index)
    {
        var annotator = AnnotatorOf(index);
        var rng = _seed.For("ranking", index, annotator).Rng();
        var seen = Perceive(annotator, prompt, answers, rng);
        if (rng.NextDouble() < _options.FlipRate)
        {
            seen = [.. seen.Select(u => -u)];
        }
        var order = Enumerable.Range(0, answers.Length).OrderByDescending(i => seen[i]).ToArray();
        var ranks = new int[answers.Length];
        for (var place = 0; place < order.Length; place++)
        {
            var tied = place > 0 && _options.TieBand > 0 && seen[order[place - 1]] - seen[order[place]] <= _options.TieBand;
            ranks[order[place]] = tied ? ranks[order[place - 1]] : place + 1;
        }

        return new Ranking(prompt, answers, [.. ranks]) { Annotator = NameOf(annotator) };
    }

    /// <summary>
    /// The chances that the annotators, asked at random and shown either order, prefer <paramref name="a"/> (First) or
    /// <paramref name="b"/> (Second).
    /// </summary>
    public PairProbabilities ProbabilitiesOf(Prompt prompt, string a, string b)
    {
        var (first, second) = (0.0, 0.0);
        for (var annotator = 0; annotator < _options.Count; annotator++)
        {
            var difference = TasteOf(annotator, prompt, a) - TasteOf(annotator, prompt, b);
            foreach (var bias in (ReadOnlySpan<double>)[_options.PositionBias, -_options.PositionBias])
            {
                var odds = Odds(difference + bias);
                first += odds.First;
                second += odds.Second;
            }
        }

        return new PairProbabilities(first / (2 * _options.Count), second / (2 * _options.Count));
    }

    /// <summary>What agreement with such labels can be expected on the given pairs.</summary>
    public LabelQuality QualityOn(IEnumerable<(Prompt Prompt, string A, string B)> pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        var (labels, gold, best, count) = (0.0, 0.0, 0.0, 0);
        foreach (var (prompt, a, b) in pairs)
        {
            var odds = ProbabilitiesOf(prompt, a, b);
            var difference = _utility.Of(prompt, a).Total - _utility.Of(prompt, b).Total;
            labels += odds.First + odds.Second;
            gold +=
                difference > 0 ? odds.First
                : difference < 0 ? odds.Second
                : (odds.First + odds.Second) / 2;
            best += Math.Max(odds.First, odds.Second);
            count++;
        }

        // Without pairs all three are 0 / 0: not a number, which is what is known.
        return new LabelQuality(gold / labels, best / labels, 1 - (labels / count));
    }

    private PairProbabilities Odds(double difference) =>
        PairProbabilities.Of(difference, _options.Noise, _options.TieBand, _options.FlipRate);

    /// <summary>
    /// Utilities with Gumbel noise: the largest follows the softmax of u / Noise, the order Plackett and Luce, and each pair
    /// Bradley and Terry, so that the three kinds of feedback describe the same annotator.
    /// </summary>
    private double[] Perceive(int annotator, Prompt prompt, ImmutableArray<string> answers, Rng rng)
    {
        if (answers.IsDefaultOrEmpty)
        {
            throw new ArgumentException("There are no answers to judge.", nameof(answers));
        }
        var shownFirst = rng.NextInt(answers.Length);
        return
        [
            .. answers.Select(
                (answer, i) =>
                    TasteOf(annotator, prompt, answer) + (i == shownFirst ? _options.PositionBias : 0) + (_options.Noise * Gumbel(rng))
            ),
        ];
    }

    private static double Gumbel(Rng rng) => -Math.Log(Math.Max(-Math.Log(1 - rng.NextDouble()), double.Epsilon));

    private double FactorOf(int annotator, string component) =>
        _options.Disagreement == 0 ? 1 : 1 + (_options.Disagreement * _seed.For("taste " + component, annotator).Rng().NextNormal());
}
