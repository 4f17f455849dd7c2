using Attune.Core.Conversations;
using Attune.Worlds.Annotators;
using Attune.Worlds.Reviews.Grammar;
using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Worlds.Reviews;

/// <summary>
/// The hidden utility of a review: it should praise, with reasons (concrete aspects), say what it is about, be neither
/// terse nor endless, not repeat itself, and be English of this world. Formula and weights: docs/reviews-world.md.
/// </summary>
public sealed class ReviewUtility(UtilityWeights weights) : IUtility
{
    /// <summary>Words of a review that is neither too short nor too long.</summary>
    private const int ShortestGood = 12,
        LongestGood = 45;

    public ReviewUtility()
        : this(new UtilityWeights()) { }

    public UtilityBreakdown Of(Prompt prompt, string answer)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(answer);
        var factors = ReviewFactors.Read(answer);
        return new UtilityBreakdown([
            new("sentiment", weights.Sentiment, factors.Sentiment),
            new("aspects", weights.Aspects, AspectsValue(factors.Aspects.Length)),
            new("film", weights.Film, FilmValue(prompt, answer)),
            new("length", weights.Length, LengthValue(factors.Words)),
            new("repetition", weights.Repetition, 0 - factors.Repetition),
            new("language", weights.Language, (factors.Fluency - 1 - factors.UnknownWords) / 2),
            new("unfinished", weights.Unfinished, factors.Finished ? 0 : -1),
            new("baseline", 1, weights.Baseline),
        ]);
    }

    /// <summary>0 for none, 0.39 for one, then less and less for each: 1 - exp(-n / 2).</summary>
    public static double AspectsValue(int named) => 1 - Math.Exp(-named / 2.0);

    /// <summary>0 inside the good range, falling with the log of the ratio outside: -0.69 at half or at twice.</summary>
    public static double LengthValue(int words) =>
        words switch
        {
            < ShortestGood => Math.Log((words + 1.0) / (ShortestGood + 1)),
            > LongestGood => -Math.Log((double)words / LongestGood),
            _ => 0,
        };

    /// <summary>
    /// 1 where the answer names the film or the genre of its prompt, 0 where it names neither, -1 where it calls the film
    /// by another genre. 0 for prompts of another form.
    /// </summary>
    public static double FilmValue(Prompt prompt, string answer)
    {
        if (Film.Read(prompt) is not { } film)
        {
            return 0;
        }
        var other = Enum.GetValues<Genre>().Any(genre => genre != film.Genre && Names(answer, Film.NameOf(genre)));
        return other ? -1
            : Names(answer, film.Title) || Names(answer, film.GenreName) ? 1
            : 0;
    }

    private static bool Names(string text, string name)
    {
        var at = text.IndexOf(name, StringComparison.OrdinalIgnoreCase);
        return at >= 0 && (at == 0 || !char.IsLetter(text[at - 1]));
    }
}
