using Attune.Core.Runs;
using Attune.Worlds.Reviews;
using Attune.Worlds.Reviews.Grammar;
using Attune.Worlds.Reviews.Reading;
using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Worlds.Tests.Reviews;

public sealed class ReviewFactorsTests
{
    [Theory]
    [InlineData("The plot is clever.", 1)]
    [InlineData("The plot is never clever.", -1)]
    [InlineData("I did not find the plot flimsy for a moment.", 1)]
    [InlineData("The plot isn't clever.", -1)]
    [InlineData("The jokes are not as witty as they want to be.", -1)]
    [InlineData("The plot never puts a foot wrong.", 1)]
    [InlineData("The plot is neither good nor bad.", 0)]
    [InlineData("A young medic guards a bridge.", 0)]
    [InlineData("The film does not work because the score is glorious.", 0)]
    public void Sentiment_has_the_sign_a_person_reads(string text, int sign)
    {
        var sentiment = ReviewFactors.Read(text).Sentiment;
        Assert.True(Math.Abs(sentiment) < 0.12 ? sign == 0 : Math.Sign(sentiment) == sign, $"read as {sentiment:0.00}");
    }

    [Fact]
    public void What_comes_after_but_weighs_more()
    {
        Assert.True(Sentiment("The plot is flimsy, but the score is haunting.") > 0);
        Assert.True(Sentiment("The score is haunting, but the plot is flimsy.") < 0);
        Assert.True(Sentiment("Although the plot is flimsy, the score is haunting.") > 0);
        Assert.True(Sentiment("The score is haunting, even if the plot is flimsy.") > 0);
    }

    [Fact]
    public void A_negation_says_less_than_the_opposite() =>
        Assert.True(Sentiment("The plot is clever.") > Sentiment("The plot is never flimsy."));

    [Fact]
    public void A_negation_ends_with_its_clause() => Assert.True(Sentiment("I would not argue, and the plot is clever.") > 0.2);

    [Fact]
    public void Aspects_are_named_by_their_nouns() =>
        Assert.Equal(
            [Aspect.Acting, Aspect.Music, Aspect.Ending],
            ReviewFactors.Read("The supporting cast is warm. The cast is warm, the songs are bland, and the last scene lands.").Aspects
        );

    [Fact]
    public void Nothing_is_read_in_an_empty_text()
    {
        var factors = ReviewFactors.Read("");
        Assert.Equal(
            (0, 0, 0, 0, 0, false),
            (factors.Sentiment, factors.Words, factors.Sentences, factors.Repetition, factors.Fluency, factors.Finished)
        );
    }

    [Fact]
    public void Reading_agrees_with_what_was_meant()
    {
        var reviews = ReviewWorld.Reviews(new Seed(8), 3000, ReviewSplit.Train, ReviewPlan.Pretraining).ToArray();
        var read = reviews.Select(r => ReviewFactors.Read(r.Text).Sentiment).ToArray();
        Assert.InRange(Statistics.Correlation(read, [.. reviews.Select(r => r.Valences.Average())]), 0.95, 1);
        Assert.InRange(Statistics.Correlation(read, [.. reviews.Select(r => r.Sentiment)]), 0.85, 1);
    }

    [Fact]
    public void No_phrase_is_praise_in_one_table_and_blame_in_another()
    {
        var signs =
            from production in GrammarTables.Default.All
            from phrase in production.Judgements
            group Math.Sign(production.Guard.Judgement!.Value) by string.Join(' ', phrase) into judged
            where judged.Distinct().Count() > 1
            select judged.Key;
        Assert.Empty(signs);
    }

    [Fact]
    public void Repetition_grows_with_what_is_repeated()
    {
        var once = ReviewFactors.Read("The plot is clever. The score lifts every scene.").Repetition;
        var sentence = ReviewFactors.Read("The plot is clever. The plot is clever.").Repetition;
        var word = ReviewFactors.Read("Clever clever clever clever clever clever.").Repetition;
        Assert.Equal(0, once);
        Assert.True(once < sentence && sentence < word, $"{once:0.00} {sentence:0.00} {word:0.00}");
    }

    [Theory]
    [InlineData("The plot is clever.", 1)]
    [InlineData("plot The clever is.", 0.4)]
    [InlineData("Lorem ipsum dolor sit.", 0)]
    [InlineData("\u0000\u0001 ### 12", 0)]
    public void Fluency_is_the_share_of_possible_pairs(string text, double atMost) =>
        Assert.True(Fluency.Read(text).PossiblePairs <= atMost && (atMost < 1 || Fluency.Read(text).PossiblePairs == 1));

    [Theory]
    [InlineData("The plot are clever.")]
    [InlineData("The songs is tuneful.")]
    [InlineData("A absorbing western.")]
    [InlineData("The plot the plot.")]
    public void Broken_grammar_has_an_impossible_pair(string text)
    {
        var fluency = Fluency.Read(text);
        Assert.True(fluency.PossiblePairs < 1);
        Assert.Equal(0, fluency.UnknownWords);
    }

    [Fact]
    public void The_lexicon_covers_the_grammar()
    {
        Assert.True(WordPairs.Default.WordCount > 1000);
        Assert.True(ReviewLexicon.Judgements.Phrases.Count() > 600);
    }

    private static double Sentiment(string text) => ReviewFactors.Read(text).Sentiment;
}
