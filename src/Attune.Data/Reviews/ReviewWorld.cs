using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Data.Reviews.Grammar;

namespace Attune.Data.Reviews;

/// <summary>
/// The corpora of the embedded default. Item i of each depends on the seed and on i alone, so a longer corpus starts with
/// the shorter one.
/// </summary>
public static class ReviewWorld
{
    /// <summary>Raw texts about films of the training split.</summary>
    public static IEnumerable<ReviewDocument> Documents(Seed seed, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var film = ReviewGrammar.DrawFilm(seed.For("document film", i), Split.Train);
            var review = ReviewGrammar.Write(film, seed.For("document review", i), ReviewPlan.Pretraining);
            var chance = seed.For("document form", i).Chance();
            var writer = new SentenceWriter(GrammarTables.Default, chance, film, review.Style, review.Text);
            yield return new ReviewDocument(Spelling.Join(writer.Write("document", writer.NextSubject(0))), review);
        }
    }

    /// <summary>Prompts with a review each, good and bad alike, most of them mixed.</summary>
    public static IEnumerable<Demonstration> Demonstrations(Seed seed, int count, Split split) =>
        Reviews(seed, count, split, ReviewPlan.Mixed).Select(review => new Demonstration(review.Film.Prompt, " " + review.Text));

    /// <summary>Reviews with the factors they were written from.</summary>
    public static IEnumerable<Review> Reviews(Seed seed, int count, Split split, ReviewPlan plan)
    {
        for (var i = 0; i < count; i++)
        {
            var film = ReviewGrammar.DrawFilm(seed.For("film", i), split);
            yield return ReviewGrammar.Write(film, seed.For("review", i), plan);
        }
    }

    /// <summary>Prompts to answer.</summary>
    public static IEnumerable<Prompt.Text> Prompts(Seed seed, int count, Split split)
    {
        for (var i = 0; i < count; i++)
        {
            yield return ReviewGrammar.DrawFilm(seed.For("film", i), split).Prompt;
        }
    }
}
