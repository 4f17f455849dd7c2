using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Worlds.Annotators;
using Attune.Worlds.Tests.Reviews;
using CsCheck;

namespace Attune.Worlds.Tests.Annotators;

public sealed class SimulatedAnnotatorsTests
{
    /// <summary>
    /// 0.999 quantile of chi-square with 1 degree of freedom: one false alarm in a thousand seeds, and the seeds are fixed.
    /// </summary>
    private const double Critical1 = 10.83;

    private const int Draws = 20_000;

    private static readonly Prompt Prompt = new Prompt.Text("?");

    /// <summary>The answer is its utility.</summary>
    private static readonly IUtility Number = Utility.From((_, answer) => double.Parse(answer.Split(' ')[0]));

    [Theory]
    [InlineData(0.3, 0.5, 0)]
    [InlineData(1.0, 0.5, 0)]
    [InlineData(0.5, 1.0, 0)]
    [InlineData(0.5, 0.5, 0.2)]
    public void Law_pairs_follow_bradley_and_terry(double difference, double noise, double flips)
    {
        var annotators = Of(new() { Noise = noise, FlipRate = flips });
        var wins = Count(i => annotators.Compare(Prompt, $"{difference}", "0", i).ToPreference()!.Chosen == $"{difference}");
        var p = 1 / (1 + Math.Exp(-difference / noise));
        AssertFrequency(wins, (p * (1 - flips)) + ((1 - p) * flips));
    }

    [Fact]
    public void Law_ties_follow_rao_and_kupper()
    {
        var annotators = Of(new() { Noise = 0.5, TieBand = 0.4 });
        AssertFrequency(
            Count(i => annotators.Compare(Prompt, "0.3", "0", i).ToPreference() is null),
            1 - (1 / (1 + Math.Exp(0.2))) - (1 / (1 + Math.Exp(1.4)))
        );
    }

    [Fact]
    public void Law_choices_follow_the_softmax()
    {
        var annotators = Of(new() { Noise = 0.7 });
        double[] utilities = [0, 0.5, -1];
        var counts = new double[3];
        for (var i = 0; i < Draws; i++)
        {
            counts[annotators.Choose(Prompt, [.. utilities.Select(u => $"{u}")], i).Best]++;
        }
        var weights = utilities.Select(u => Math.Exp(u / 0.7)).ToArray();
        // 0.999 quantile with 2 degrees of freedom.
        Assert.InRange(Statistics.ChiSquare(counts.Zip(weights, (c, w) => (c, Draws * w / weights.Sum()))), 0, 13.82);
    }

    [Fact]
    public void Law_rankings_of_three_follow_plackett_and_luce()
    {
        var annotators = Of(new() { Noise = 1 });
        double[] utilities = [0, 0.5, -1];
        var w = utilities.Select(Math.Exp).ToArray();
        var counts = new Dictionary<string, double>();
        for (var i = 0; i < Draws; i++)
        {
            var ranks = string.Join("", annotators.Rank(Prompt, [.. utilities.Select(u => $"{u}")], i).Ranks);
            counts[ranks] = counts.GetValueOrDefault(ranks) + 1;
        }

        int[][] orders =
        [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ];
        var cells = orders.Select(o =>
        {
            var p = w[o[0]] / w.Sum() * w[o[1]] / (w[o[1]] + w[o[2]]);
            var ranks = new int[3];
            for (var place = 0; place < 3; place++)
            {
                ranks[o[place]] = place + 1;
            }
            return (counts.GetValueOrDefault(string.Join("", ranks)), Draws * p);
        });
        // 0.999 quantile with 5 degrees of freedom.
        Assert.InRange(Statistics.ChiSquare(cells), 0, 20.5);
    }

    [Fact]
    public void Without_noise_the_utility_decides() =>
        Gen.Select(Gen.Int[-50, 50], Gen.Int[-50, 50], Gen.Int[0, 1000])
            .Where(t => t.Item1 != t.Item2)
            .Sample(
                (a, b, index) =>
                {
                    var annotators = Of(new() { Noise = 0 });
                    var best = $"{Math.Max(a, b)}";
                    Assert.Equal(best, annotators.Compare(Prompt, $"{a}", $"{b}", index).ToPreference()!.Chosen);
                    Assert.Equal(best, annotators.Choose(Prompt, [$"{a}", $"{b}"], index) is var choice ? choice.Answers[choice.Best] : "");
                    Assert.Equal(a > b ? 1 : 2, annotators.Rank(Prompt, [$"{a}", $"{b}"], index).Ranks[0]);
                }
            );

    [Fact]
    public void Labels_are_a_function_of_seed_and_index()
    {
        var (a, b) = (Of(new() { Disagreement = 0.3 }), Of(new() { Disagreement = 0.3 }));
        var forwards = Enumerable.Range(0, 50).Select(i => a.Compare(Prompt, "0.2", "0", i)).ToArray();
        var backwards = Enumerable.Range(0, 50).Reverse().Select(i => b.Compare(Prompt, "0.2", "0", i)).Reverse();
        Assert.Equal(forwards, backwards);
        Assert.NotEqual(forwards, [.. Enumerable.Range(0, 50).Select(i => Of(new(), seed: 2).Compare(Prompt, "0.2", "0", i))]);
    }

    [Fact]
    public void Either_answer_is_shown_first_equally_often()
    {
        var annotators = Of(new());
        AssertFrequency(Count(i => annotators.Compare(Prompt, "1", "0", i).First == "1"), 0.5);
    }

    [Fact]
    public void Position_bias_favours_the_first_shown()
    {
        var annotators = Of(new() { Noise = 0.5, PositionBias = 0.5 });
        AssertFrequency(Count(i => annotators.Compare(Prompt, "0", "0.0", i).Outcome is ComparisonOutcome.First), 1 / (1 + Math.Exp(-1)));
    }

    [Fact]
    public void Length_bias_favours_more_words()
    {
        var annotators = Of(new() { Noise = 0.5, LengthBias = 0.5 });
        const string Long = "0 and ten more words than the other one has there";
        AssertFrequency(Count(i => annotators.Compare(Prompt, Long, "0", i).ToPreference()!.Chosen == Long), 1 / (1 + Math.Exp(-1)));
    }

    [Fact]
    public void Disagreement_spreads_the_annotators_weights_by_as_much_as_it_says()
    {
        var annotators = Of(new() { Count = 2000, Disagreement = 0.4 });
        var tastes = Enumerable.Range(0, 2000).Select(i => annotators.TasteOf(i, Prompt, "1")).ToArray();
        var mean = tastes.Average();
        Assert.InRange(mean, 0.96, 1.04);
        Assert.InRange(Math.Sqrt(tastes.Average(t => (t - mean) * (t - mean))), 0.37, 0.43);
    }

    [Fact]
    public void Groups_take_their_share_and_follow_their_taste()
    {
        var annotators = Of(
            new()
            {
                Count = 8,
                Noise = 0,
                Groups =
                [
                    new("wordy", 3) { LengthTaste = 1 },
                    new("brief") { LengthTaste = -1, Emphasis = ImmutableDictionary<string, double>.Empty.Add("utility", 0.5) },
                ],
            }
        );
        Assert.Equal(6, Enumerable.Range(0, 8).Count(i => annotators.GroupOf(i)!.Name == "wordy"));
        Assert.Equal("0 and more", annotators.Compare(Prompt, "0", "0 and more", 0, annotator: 0).ToPreference()!.Chosen);
        Assert.Equal("0", annotators.Compare(Prompt, "0", "0 and more", 0, annotator: 7).ToPreference()!.Chosen);
        Assert.Equal("simulated-8-brief", annotators.NameOf(7));
        Assert.Equal(2 - 0.1, annotators.TasteOf(7, Prompt, "4"), 12);
    }

    [Fact]
    public void Label_quality_is_what_the_labels_show()
    {
        var annotators = Of(
            new()
            {
                Count = 3,
                Noise = 0.6,
                FlipRate = 0.05,
                Disagreement = 0.5,
                PositionBias = 0.2,
                TieBand = 0.1,
            }
        );
        var rng = new Seed(9).Rng();
        var pairs = Enumerable.Range(0, Draws).Select(_ => (Prompt, A: $"{rng.NextNormal()}", B: $"{rng.NextNormal()}")).ToArray();
        var labels = pairs.Select((p, i) => annotators.Compare(p.Prompt, p.A, p.B, i).ToPreference()).ToArray();
        var given = labels.Count(l => l is not null);
        var agreed = labels.Count(l => l is not null && double.Parse(l.Chosen) > double.Parse(l.Rejected));
        var quality = annotators.QualityOn(pairs);
        Assert.InRange((double)agreed / given - quality.GoldAgreement, -0.015, 0.015);
        Assert.InRange((1 - ((double)given / Draws)) - quality.TieRate, -0.015, 0.015);
        Assert.True(quality.BayesAccuracy >= quality.GoldAgreement);
    }

    [Fact]
    public void A_flipped_label_in_a_noiseless_crowd_is_the_only_error() =>
        Assert.Equal(0.9, Of(new() { Noise = 0, FlipRate = 0.1 }).QualityOn([(Prompt, "1", "0"), (Prompt, "0", "2")]).GoldAgreement, 12);

    [Fact]
    public void Stated_margins_are_the_difference_in_taste()
    {
        Assert.Equal(1.5, Of(new() { Margins = MarginReport.Stated }).Compare(Prompt, "1", "2.5", 0).Margin);
        Assert.Null(Of(new()).Compare(Prompt, "1", "2.5", 0).Margin);
    }

    [Fact]
    public void Options_that_cannot_be_are_all_named()
    {
        var wrong = new AnnotatorOptions
        {
            Count = 0,
            Noise = double.NaN,
            FlipRate = 0.7,
            TieBand = -1,
            Groups = [new("none", 0)],
        };
        var problems = Assert.Throws<ConfigurationException>(() => Of(wrong)).Problems;
        Assert.Equal(5, problems.Count);
    }

    private static SimulatedAnnotators Of(AnnotatorOptions options, ulong seed = 1) => new(Number, options, new Seed(seed));

    private static int Count(Func<int, bool> happens) => Enumerable.Range(0, Draws).Count(happens);

    private static void AssertFrequency(int observed, double probability) =>
        Assert.InRange(
            Statistics.ChiSquare([(observed, Draws * probability), (Draws - observed, Draws * (1 - probability))]),
            0,
            Critical1
        );
}
