using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Worlds.Reviews;
using Attune.Worlds.Reviews.Grammar;
using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Worlds.Tests.Reviews.Grammar;

public sealed class FilmTests
{
    [Fact]
    public void A_prompt_tells_its_film_again() =>
        Assert.All(
            Enumerable.Range(0, 200).Select(i => ReviewGrammar.DrawFilm(new Seed((ulong)i), ReviewSplit.Train)),
            film => Assert.Equal(film, Film.Read(film.Prompt))
        );

    [Fact]
    public void Other_prompts_name_no_film()
    {
        Assert.Null(Film.Read(new Prompt.Text("Once upon a time")));
        Assert.Null(Film.Read(new Prompt.Text("Title: Salt\nGenre: opera\nReview:")));
        Assert.Null(Film.Read(new Prompt.Chat([new Message(Role.User, "Title: Salt\nGenre: drama\nReview:")])));
    }

    [Fact]
    public void No_title_is_in_both_splits()
    {
        var train = ReviewWorld.Prompts(new Seed(1), 4000, ReviewSplit.Train).Select(p => Film.Read(p)!.Title).ToHashSet();
        var held = ReviewWorld.Prompts(new Seed(2), 1000, ReviewSplit.HeldOut).Select(p => Film.Read(p)!.Title).ToHashSet();
        Assert.Empty(train.Intersect(held));
        Assert.True(held.Count > 300, $"only {held.Count} titles are held out");
    }

    [Fact]
    public void What_a_film_is_about_judges_nothing_and_names_no_aspect()
    {
        var neutral = new[]
        {
            "title",
            "title-adj",
            "title-noun",
            "title-name",
            "title-time",
            "title-place",
            "genre",
            "genres",
            "person",
            "quest",
            "setting",
            "when",
            "friend",
            "company",
            "time",
            "range",
            "range-of",
            "many",
            "taking",
            "the-rest",
            "rare",
            "worth",
            "again",
            "waste",
            "expected",
            "whom",
            "way",
            "how",
            "lead",
            "tag",
            "turn",
        };
        foreach (var production in neutral.SelectMany(table => GrammarTables.Default[table]))
        {
            var words = string.Join(' ', production.Parts.OfType<Part.Word>().Select(w => w.Text));
            var factors = ReviewFactors.Read(words);
            Assert.True(factors.Judgements == 0, $"'{words}' in '{production.Symbol}' is read as a judgement");
            Assert.True(factors.Aspects.IsEmpty, $"'{words}' in '{production.Symbol}' is read as naming an aspect");
        }
    }
}
