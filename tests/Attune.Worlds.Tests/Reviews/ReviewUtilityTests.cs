using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Worlds.Reviews;
using Attune.Worlds.Reviews.Grammar;
using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Worlds.Tests.Reviews;

public sealed class ReviewUtilityTests
{
    private static readonly Prompt Prompt = new Film("The Glass Harbour", Genre.Western).Prompt;
    private static readonly ReviewUtility Utility = new();

    private const string Good = " The Glass Harbour is an absorbing western. The plot keeps you guessing, and the score lifts every scene.";

    [Theory]
    [InlineData(Good, " The Glass Harbour is a dull western. The plot runs out of ideas, and the score smothers the quiet scenes.")]
    [InlineData(
        Good,
        " The film is absorbing. It holds your attention, and it is time well spent for those who like to sit in a packed house."
    )]
    [InlineData(Good, " A comedy. The plot keeps you guessing, and the score lifts every scene. It is worth an evening, at least once.")]
    [InlineData(Good, " Absorbing.")]
    [InlineData(
        Good,
        " The plot keeps you guessing. The plot keeps you guessing. The plot keeps you guessing. The plot keeps you guessing."
    )]
    [InlineData(
        Good,
        " superb superb superb superb superb superb superb superb superb superb superb superb superb superb superb superb superb"
    )]
    [InlineData(
        Good,
        " Glorious score wonderful plot dazzling images superb acting hilarious jokes perfect ending faultless cast brilliant editing."
    )]
    [InlineData(Good, " The Glass Harbour is an absorbing western. The plot keeps you guessing, and the score lifts every")]
    [InlineData(Good, " The the harbour glass of an western is. Plot score you you every the.")]
    [InlineData(Good, "")]
    [InlineData(
        " The plot is flimsy, but the score is glorious. I would see it again tomorrow.",
        " The score is glorious, but the plot is flimsy. I want my money back."
    )]
    [InlineData(" The jokes are never stale, and the plot is clever.", " The jokes are stale, and the plot is never clever.")]
    public void Utility_orders_answers_as_a_person_would(string better, string worse)
    {
        var (high, low) = (Utility.Of(Prompt, better), Utility.Of(Prompt, worse));
        Assert.True(
            high.Total > low.Total + 0.3,
            $"{high.Total:0.00} {string.Join(' ', high.Components)}\n{low.Total:0.00} {string.Join(' ', low.Components)}"
        );
    }

    [Fact]
    public void Praise_without_end_does_not_pay()
    {
        var answers = new Film("The Glass Harbour", Genre.Western);
        var one = Best(1);
        var eight = Best(8);
        Assert.True(eight < one, $"{eight:0.00} for eight reviews in one, {one:0.00} for one");

        double Best(int reviews) =>
            Utility
                .Of(
                    Prompt,
                    string.Concat(
                        Enumerable
                            .Range(0, 400)
                            .Select(i => ReviewGrammar.Write(answers, new Seed((ulong)i), ReviewPlan.Pretraining))
                            .Where(r => r.Sentiment > 0.9)
                            .Take(reviews)
                            .Select(r => " " + r.Text)
                    )
                )
                .Total;
    }

    [Fact]
    public void Garbage_is_worse_than_nearly_all_reviews()
    {
        var worst = Sample().Select(r => Utility.Of(r.Film.Prompt, " " + r.Text).Total).Order().ElementAt(20);
        string[] garbage =
        [
            " superb superb superb superb superb superb superb superb",
            " asdf qwer zxcv uiop hjkl vbnm tyui ghjk dfgh cvbn",
            " the the the of is of is the a an a an",
            "",
        ];
        Assert.All(
            garbage,
            text => Assert.True(Utility.Of(Prompt, text).Total < worst, $"{Utility.Of(Prompt, text).Total:0.00} for '{text}', {worst:0.00}")
        );
    }

    [Fact]
    public void Over_reviews_of_the_grammar_the_mean_is_0_and_the_standard_deviation_1()
    {
        var totals = Sample().Select(r => Utility.Of(r.Film.Prompt, " " + r.Text).Total).ToArray();
        var mean = totals.Average();
        Assert.InRange(mean, -0.08, 0.08);
        Assert.InRange(Math.Sqrt(totals.Average(t => (t - mean) * (t - mean))), 0.92, 1.08);
    }

    [Fact]
    public void The_total_is_the_sum_of_the_parts()
    {
        var breakdown = Utility.Of(Prompt, Good);
        Assert.Equal(breakdown.Components.Sum(c => c.Weight * c.Value), breakdown.Total, 12);
        Assert.Equal(new UtilityWeights().Film, breakdown["film"], 12);
        Assert.Equal(0, breakdown["language"], 12);
    }

    [Fact]
    public void Weights_scale_their_component()
    {
        var plain = Utility.Of(Prompt, Good);
        var keen = new ReviewUtility(new UtilityWeights { Aspects = 3 }).Of(Prompt, Good);
        Assert.Equal(plain.Total + (2 * plain["aspects"]), keen.Total, 12);
    }

    [Fact]
    public void Length_is_free_inside_the_good_range_and_costs_more_the_further_outside()
    {
        Assert.All(Enumerable.Range(12, 34), words => Assert.Equal(0, ReviewUtility.LengthValue(words)));
        Assert.All(Enumerable.Range(0, 12), words => Assert.True(ReviewUtility.LengthValue(words) < ReviewUtility.LengthValue(words + 1)));
        Assert.All(
            Enumerable.Range(45, 200),
            words => Assert.True(ReviewUtility.LengthValue(words) > ReviewUtility.LengthValue(words + 1))
        );
    }

    private static IEnumerable<Review> Sample() => ReviewWorld.Reviews(new Seed(21), 4000, ReviewSplit.Train, ReviewPlan.Pretraining);
}
