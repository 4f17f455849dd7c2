using Attune.Core.Runs;
using Attune.Worlds.Reviews.Grammar;
using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Worlds.Reviews;

/// <summary>
/// A probabilistic grammar of film reviews. Sentiment, style, length, aspects, genre and title are drawn independently;
/// the same seed writes the same review on every machine.
/// </summary>
public static class ReviewGrammar
{
    /// <summary>How often a sentence stays with the noun of the one before, where it can.</summary>
    private const double FollowShare = 0.4;

    /// <summary>How often a change of heart is announced: "still,", "that said,".</summary>
    private const double TurnShare = 0.6;

    private static readonly int Styles = Enum.GetValues<Style>().Length;
    private static readonly int Genres = Enum.GetValues<Genre>().Length;

    /// <summary>A film of the given split.</summary>
    public static Film DrawFilm(Seed seed, ReviewSplit split)
    {
        var rng = seed.Rng();
        while (true)
        {
            var genre = (Genre)rng.NextInt(Genres);
            var writer = new SentenceWriter(GrammarTables.Default, rng, new Film("", genre), Style.Plain);
            var film = new Film(Spelling.Join(writer.Write("title", writer.NextSubject(0))), genre);
            if (film.Split == split)
            {
                return film;
            }
        }
    }

    /// <summary>A review of a film, its other factors drawn as planned.</summary>
    public static Review Write(Film film, Seed seed, ReviewPlan plan)
    {
        var rng = seed.Rng();
        var style = (Style)rng.NextInt(Styles);
        var sentiment = DrawSentiment(rng, plan);
        var units = DrawUnits(rng, sentiment, plan);
        var writer = new SentenceWriter(GrammarTables.Default, rng, film, style);
        var tokens = WriteUnits(writer, rng, units);
        return new Review(film, style, sentiment, [.. units.Select(u => u.Valence)], [.. writer.Named.Distinct()], Spelling.Join(tokens));
    }

    private static List<string> WriteUnits(SentenceWriter writer, Rng rng, ReadOnlySpan<Unit> units)
    {
        var tokens = new List<string>();
        Subject? last = null;
        for (var i = 0; i < units.Length; i++)
        {
            var (symbol, valence) = units[i];
            // A second sentence on the same noun must not contradict the first.
            var follows =
                symbol is "body"
                && last is not null
                && Math.Sign(valence) == Math.Sign(last.Context.Valence)
                && rng.NextDouble() < FollowShare;
            var subject = follows ? last!.Judged(valence) : writer.NextSubject(valence);
            var before = writer.Named.Count;
            var unit = writer.Write(follows ? "follow" : symbol, subject);
            if (i > 0 && valence * units[i - 1].Valence < 0 && TakesTurn(unit) && rng.NextDouble() < TurnShare)
            {
                unit.InsertRange(0, [.. writer.Write("turn", subject), ","]);
            }
            tokens.AddRange(unit);
            // "It" must have only one noun to mean.
            last = symbol is "body" && !follows && writer.Named.Count == before + 1 ? subject : null;
        }

        return tokens;
    }

    /// <summary>"Still, honestly, ..." and "that said, ... but ..." are one turn too many.</summary>
    private static bool TakesTurn(List<string> unit) => unit[1] is not "," && !unit.Any(word => word is "but" or "although" or "even");

    private static Unit[] DrawUnits(Rng rng, double sentiment, ReviewPlan plan)
    {
        var count = DrawLength(rng, plan);
        // A closing needs something to close; short reviews end as they come.
        var closes = rng.NextDouble() < (count > 2 ? 0.7 : 0.3);
        var opens = rng.NextDouble() < 0.8;
        var units = new Unit[count];
        for (var i = 0; i < count; i++)
        {
            var closing = closes && i == count - 1;
            var symbol =
                count == 1 ? "single"
                : closing ? "closing"
                : opens && i == 0 ? "opening"
                : "body";
            // The last word sums up, so it strays less from the whole.
            var stray = rng.NextNormal() * plan.SentenceSpread * (closing ? 0.4 : 1);
            units[i] = new Unit(symbol, ValenceOf(sentiment + stray));
        }

        return units;
    }

    private static double DrawSentiment(Rng rng, ReviewPlan plan)
    {
        var draw = plan.SentimentShape is SentimentShape.Uniform ? (2 * rng.NextDouble()) - 1 : rng.NextNormal();
        return Math.Clamp(draw * plan.SentimentSpread, -1, 1);
    }

    private static int DrawLength(Rng rng, ReviewPlan plan)
    {
        var left = rng.NextDouble() * plan.LengthWeights.Sum();
        for (var i = 0; i < plan.LengthWeights.Length; i++)
        {
            if ((left -= plan.LengthWeights[i]) < 0)
            {
                return i + 1;
            }
        }

        return plan.LengthWeights.Length;
    }

    private static int ValenceOf(double judgement) =>
        judgement switch
        {
            < -0.6 => -2,
            < -0.12 => -1,
            <= 0.12 => 0,
            <= 0.6 => 1,
            _ => 2,
        };

    private readonly record struct Unit(string Symbol, int Valence);
}
