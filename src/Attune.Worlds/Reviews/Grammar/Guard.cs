using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Worlds.Reviews.Grammar;

/// <summary>
/// The condition in square brackets before productions, for example <c>[+ ++ plot chatty x3]</c>: within a feature the
/// words are alternatives, between features all must hold, and a feature not named may be anything.
/// </summary>
internal readonly record struct Guard(int Styles, int Valences, int Aspects, int Numbers, int Genres, double Weight)
{
    private static readonly string[] ValenceNames = ["--", "-", "0", "+", "++"];

    public Features Features =>
        (Styles == 0 ? 0 : Features.Style)
        | (Valences == 0 ? 0 : Features.Valence)
        | (Aspects == 0 ? 0 : Features.Aspect)
        | (Numbers == 0 ? 0 : Features.Number)
        | (Genres == 0 ? 0 : Features.Genre);

    public bool Accepts(in GrammarContext context) =>
        Has(Styles, (int)context.Style)
        && Has(Valences, context.Valence + 2)
        && Has(Aspects, (int)context.Aspect)
        && Has(Numbers, (int)context.Number)
        && Has(Genres, (int)context.Genre);

    /// <summary>
    /// The judgement of words that stand under this guard, -1 to 1; null where the guard does not decide between good
    /// and bad.
    /// </summary>
    public double? Judgement
    {
        get
        {
            var valences = Valences;
            var named = Enumerable.Range(0, 5).Where(v => (valences & (1 << v)) != 0).Select(v => (v - 2) / 2.0).ToArray();
            return named.Length == 0 || named.Any(v => Math.Sign(v) != Math.Sign(named[0])) ? null : named.Average();
        }
    }

    public static Guard Parse(string words)
    {
        var guard = new Guard { Weight = 1 };
        foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            guard = guard.With(word);
        }

        return guard;
    }

    private Guard With(string word)
    {
        if (Array.IndexOf(ValenceNames, word) is >= 0 and var valence)
        {
            return this with { Valences = Valences | (1 << valence) };
        }
        if (word is ['x', .. var weight] && int.TryParse(weight, out var number))
        {
            return this with { Weight = number };
        }
        if (TryName<Style>(word, out var style))
        {
            return this with { Styles = Styles | style };
        }
        if (TryName<Aspect>(word, out var aspect))
        {
            return this with { Aspects = Aspects | aspect };
        }
        if (TryName<Number>(word, out var count))
        {
            return this with { Numbers = Numbers | count };
        }
        return TryName<Genre>(word, out var genre)
            ? this with
            {
                Genres = Genres | genre,
            }
            : throw new FormatException($"'{word}' is not a valence, style, aspect, number, genre or weight.");
    }

    private static bool TryName<T>(string word, out int bit)
        where T : struct, Enum
    {
        T value = default;
        var found = char.IsLetter(word[0]) && Enum.TryParse<T>(word, ignoreCase: true, out value);
        bit = found ? 1 << Convert.ToInt32(value, null) : 0;
        return found;
    }

    private static bool Has(int mask, int value) => mask == 0 || (mask & (1 << value)) != 0;
}
