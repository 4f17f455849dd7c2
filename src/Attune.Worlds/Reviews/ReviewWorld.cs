using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Worlds.Reviews.Grammar;
using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Worlds.Reviews;

/// <summary>
/// The corpora of the embedded default. Item i of each depends on the seed and on i alone, so a longer corpus starts with
/// the shorter one.
/// </summary>
public static class ReviewWorld
{
    // The share of raw texts that end with stars, as newspapers print them.
    private const double StarredShare = 0.6;

    /// <summary>
    /// Raw texts about films of the training split. Most end with one to five stars: a model that learns to predict them learns what a
    /// review thinks as a whole, which is what a reward model needs to find in a pretrained model.
    /// </summary>
    public static IEnumerable<ReviewDocument> Documents(Seed seed, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var film = ReviewGrammar.DrawFilm(seed.For("document film", i), ReviewSplit.Train);
            var review = ReviewGrammar.Write(film, seed.For("document review", i), ReviewPlan.Pretraining);
            var rng = seed.For("document form", i).Rng();
            var writer = new SentenceWriter(GrammarTables.Default, rng, film, review.Style, review.Text);
            var text = Spelling.Join(writer.Write("document", writer.NextSubject(0)));
            yield return new ReviewDocument(
                seed.For("document stars", i).Rng().NextDouble() < StarredShare ? $"{text} {Stars(review)}" : text,
                review
            );
        }
    }

    /// <summary>Five stars for what is superb throughout, one for what is awful throughout.</summary>
    private static string Stars(Review review) => new('*', Math.Clamp((int)Math.Round(3 + review.Valences.Average()), 1, 5));

    /// <summary>Prompts with a review each, good and bad alike, most of them mixed.</summary>
    public static IEnumerable<Demonstration> Demonstrations(Seed seed, int count, ReviewSplit split) =>
        Reviews(seed, count, split, ReviewPlan.Mixed).Select(review => new Demonstration(review.Film.Prompt, " " + review.Text));

    /// <summary>Reviews with the factors they were written from.</summary>
    public static IEnumerable<Review> Reviews(Seed seed, int count, ReviewSplit split, ReviewPlan plan)
    {
        for (var i = 0; i < count; i++)
        {
            var film = ReviewGrammar.DrawFilm(seed.For("film", i), split);
            yield return ReviewGrammar.Write(film, seed.For("review", i), plan);
        }
    }

    /// <summary>Prompts to answer.</summary>
    public static IEnumerable<Prompt.Text> Prompts(Seed seed, int count, ReviewSplit split)
    {
        for (var i = 0; i < count; i++)
        {
            yield return ReviewGrammar.DrawFilm(seed.For("film", i), split).Prompt;
        }
    }
}
