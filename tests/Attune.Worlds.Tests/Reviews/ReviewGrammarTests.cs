using System.Text.RegularExpressions;
using Attune.Core.Runs;
using Attune.Worlds.Reviews;
using Attune.Worlds.Reviews.Grammar;
using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Worlds.Tests.Reviews;

public sealed partial class ReviewGrammarTests
{
    private static readonly Review[] Sample = [.. ReviewWorld.Reviews(new Seed(11), 5000, ReviewSplit.Train, ReviewPlan.Pretraining)];

    private static readonly string[] Golden =
    [
        "Now, The Second Valley is a joy from first to last. Trust me, the songs come and go.",
        "The Northern Station promises more than it gives. There is something utterly ugly about the close-ups.",
        "An abysmal mystery in which a retired judge follows a trail of postcards; the film's locations are just hideous.",
    ];

    [Fact]
    public void Golden_reviews_of_seed_1()
    {
        var texts = ReviewWorld.Reviews(new Seed(1), 3, ReviewSplit.Train, ReviewPlan.Pretraining).Select(r => r.Text);
        Assert.Equal(Golden, texts);
    }

    [Fact]
    public void Reviews_are_a_function_of_seed_and_index()
    {
        var some = ReviewWorld.Demonstrations(new Seed(5), 20, ReviewSplit.Train).ToArray();
        var more = ReviewWorld.Demonstrations(new Seed(5), 40, ReviewSplit.Train).Take(20);
        var others = ReviewWorld.Demonstrations(new Seed(6), 20, ReviewSplit.Train);
        Assert.Equal(some, more);
        Assert.Empty(some.Intersect(others));
    }

    [Fact]
    public void The_hidden_factors_are_independent()
    {
        var factors = new Dictionary<string, double[]>
        {
            ["sentiment"] = [.. Sample.Select(r => r.Sentiment)],
            ["units"] = [.. Sample.Select(r => (double)r.Valences.Length)],
        };
        foreach (var style in Enum.GetValues<Style>())
        {
            factors[$"style {style}"] = [.. Sample.Select(r => r.Style == style ? 1.0 : 0)];
        }
        foreach (var genre in Enum.GetValues<Genre>())
        {
            factors[$"genre {genre}"] = [.. Sample.Select(r => r.Film.Genre == genre ? 1.0 : 0)];
        }
        AssertUncorrelated(factors, "style", "genre");
    }

    [Fact]
    public void What_is_read_in_the_text_is_independent_too()
    {
        var read = Sample.Select(r => ReviewFactors.Read(r.Text)).ToArray();
        var factors = new Dictionary<string, double[]>
        {
            ["sentiment"] = [.. read.Select(f => f.Sentiment)],
            ["words"] = [.. read.Select(f => (double)f.Words)],
        };
        foreach (var style in Enum.GetValues<Style>())
        {
            factors[$"style {style}"] = [.. Sample.Select(r => r.Style == style ? 1.0 : 0)];
        }
        foreach (var aspect in Enum.GetValues<Aspect>())
        {
            Assert.InRange(
                Statistics.Correlation(factors["sentiment"], [.. read.Select(f => f.Aspects.Contains(aspect) ? 1.0 : 0)]),
                -0.06,
                0.06
            );
        }
        // Voices differ a little in how many words they need.
        foreach (var style in Enum.GetValues<Style>())
        {
            Assert.InRange(Statistics.Correlation(factors["sentiment"], factors[$"style {style}"]), -0.06, 0.06);
        }
        Assert.InRange(Statistics.Correlation(factors["sentiment"], factors["words"]), -0.06, 0.06);
    }

    [Fact]
    public void Aspects_are_named_equally_often()
    {
        var counts = Sample.SelectMany(r => r.Aspects).CountBy(a => a).ToDictionary();
        var mean = counts.Values.Average();
        Assert.All(Enum.GetValues<Aspect>(), aspect => Assert.InRange(counts[aspect] / mean, 0.9, 1.1));
    }

    [Fact]
    public void Reviews_and_sentences_are_distinct()
    {
        var reviews = ReviewWorld.Reviews(new Seed(3), 20_000, ReviewSplit.Train, ReviewPlan.Pretraining).Select(r => r.Text).ToArray();
        var sentences = reviews.SelectMany(text => SentenceEnd().Split(text)).Take(20_000).ToArray();
        Assert.InRange(reviews.Distinct().Count() / 20_000.0, 0.999, 1);
        // Short ones ("It has its moments.") come again, as they do among people.
        Assert.InRange(sentences.Distinct().Count() / 20_000.0, 0.89, 1);
    }

    [Fact]
    public void Most_reviews_have_12_to_45_words()
    {
        var words = Sample.Select(r => ReviewFactors.Read(r.Text).Words).Order().ToArray();
        Assert.InRange(words[words.Length / 20], 10, 16);
        Assert.InRange(words[words.Length / 2], 20, 30);
        Assert.InRange(words[words.Length * 19 / 20], 40, 52);
    }

    [Fact]
    public void Demonstrations_are_as_often_good_as_bad_and_mostly_mixed()
    {
        var read = ReviewWorld
            .Demonstrations(new Seed(2), 4000, ReviewSplit.Train)
            .Select(d => ReviewFactors.Read(d.Answer).Sentiment)
            .ToArray();
        Assert.InRange((read.Count(s => s > 0) - read.Count(s => s < 0)) / (double)read.Length, -0.05, 0.05);
        Assert.InRange(read.Count(s => Math.Abs(s) < 0.6) / (double)read.Length, 0.6, 0.9);
    }

    [Fact]
    public void Articles_fit_the_next_word()
    {
        foreach (var text in Sample.Select(r => r.Text))
        {
            Assert.DoesNotMatch(WrongArticle(), text);
        }

        Assert.Equal("an", Spelling.ArticleFor("hour"));
        Assert.Equal("a", Spelling.ArticleFor("one-note"));
        Assert.Equal("an", Spelling.ArticleFor("old"));
    }

    [Fact]
    public void Nouns_agree_with_their_verbs()
    {
        foreach (var noun in GrammarTables.Default["noun"])
        {
            var words = string.Join(' ', noun.Parts.Cast<Part.Word>().Select(w => w.Text));
            var many = noun.Guard.Numbers == 1 << (int)Number.Many;
            var wrong = many
                ? $@"\b[Tt]he {words} (is|was|has|does|feels|works|makes)\b"
                : $@"\b[Tt]he {words} (are|were|have|do|feel|work|make)\b";
            Assert.All(Sample, r => Assert.DoesNotMatch(wrong, r.Text));
        }
    }

    [Fact]
    public void Texts_are_tidy()
    {
        foreach (var text in Sample.Select(r => r.Text))
        {
            Assert.Matches(@"\A[A-Z][\x20-\x7e]*[.!?]\z", text);
            Assert.DoesNotMatch(@"  | [,.;:!?]|[,;:][A-Za-z]|[.!?] [a-z]|\{|\}|<|>|\*|\||~", text);
            Assert.DoesNotMatch(@"\b(\w+) \1\b", text.Replace("had had", "had", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_pair_of_words_written_is_a_pair_the_analysis_found() =>
        Assert.All(Sample, r => Assert.Equal(new Fluency(1, 0), Fluency.Read(r.Text)));

    [Fact]
    public void Documents_introduce_the_review_in_several_ways()
    {
        var starred = ReviewWorld.Documents(new Seed(4), 400).ToArray();
        Assert.InRange(starred.Count(d => d.Text.EndsWith('*')), 200, 280);
        var documents = starred.Select(d => d with { Text = d.Text.TrimEnd('*', ' ') }).ToArray();
        Assert.All(documents, d => Assert.EndsWith(d.Review.Text, d.Text, StringComparison.Ordinal));
        Assert.All(documents, d => Assert.Equal(ReviewSplit.Train, d.Review.Film.Split));
        var prompted = documents.Count(d => d.Text == $"{d.Review.Film.Prompt.Value} {d.Review.Text}");
        Assert.InRange(prompted, 100, 250);
        Assert.InRange(documents.Count(d => d.Text == d.Review.Text), 40, 160);
    }

    [Fact]
    public void Stars_follow_what_the_sentences_judge()
    {
        var starred = ReviewWorld.Documents(new Seed(5), 400).Where(d => d.Text.EndsWith('*')).ToArray();
        Assert.All(
            starred,
            d =>
                Assert.Equal(Math.Clamp((int)Math.Round(3 + d.Review.Valences.Average()), 1, 5), d.Text.Length - d.Text.TrimEnd('*').Length)
        );
        Assert.Equal(5, starred.Select(d => d.Text.Length - d.Text.TrimEnd('*').Length).Distinct().Count());
    }

    private static void AssertUncorrelated(Dictionary<string, double[]> factors, params string[] exclusive)
    {
        var names = factors.Keys.ToArray();
        foreach (var (a, b) in names.SelectMany((a, i) => names.Skip(i + 1), (a, b) => (a, b)))
        {
            // Two styles exclude each other, and so do two genres.
            if (exclusive.Any(kind => a.StartsWith(kind, StringComparison.Ordinal) && b.StartsWith(kind, StringComparison.Ordinal)))
            {
                continue;
            }
            var correlation = Statistics.Correlation(factors[a], factors[b]);
            Assert.True(Math.Abs(correlation) < 0.06, $"{a} and {b} correlate by {correlation:0.000}");
        }
    }

    [GeneratedRegex(@"(?<=[.!?]) ")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"\b[Aa] (?!one)[aeiouAEIOU]|\b[Aa]n (?!hour)[^aeiouAEIOU]|\b[Aa] hour")]
    private static partial Regex WrongArticle();
}
