using System.Text;

namespace Attune.Worlds.Reviews.Grammar;

/// <summary>From words to text: blanks, capitals, and "a" or "an".</summary>
internal static class Spelling
{
    /// <summary>Placeholder for the indefinite article until the next word is known; <see cref="CapitalArticle"/> in titles.</summary>
    public const string Article = "\u0001a";

    public const string CapitalArticle = "\u0001A";
    public const string LineBreak = "~";

    private static readonly string[] SilentH = ["hour", "honest", "heir", "honour"];
    private static readonly string[] ConsonantSound = ["one", "once", "uni", "use", "usu", "euro", "ewe"];

    /// <summary>The article that a word wants: by sound, so "an hour" and "a university".</summary>
    public static string ArticleFor(string next)
    {
        var starts = (string[] stems) => stems.Any(stem => next.StartsWith(stem, StringComparison.OrdinalIgnoreCase));
        var vowel = starts(SilentH) || ("aeiouAEIOU".Contains(next[0], StringComparison.Ordinal) && !starts(ConsonantSound));
        return vowel ? "an" : "a";
    }

    public static string Join(IReadOnlyList<string> tokens)
    {
        var text = new StringBuilder();
        var capital = true;
        for (var i = 0; i < tokens.Count; i++)
        {
            var word = tokens[i] switch
            {
                Article => ArticleFor(tokens[i + 1]),
                CapitalArticle => char.ToUpperInvariant(ArticleFor(tokens[i + 1])[0]) + ArticleFor(tokens[i + 1])[1..],
                LineBreak => "\n",
                var other => other,
            };
            if (i > 0 && !",.;:!?)\n".Contains(word[0], StringComparison.Ordinal) && text[^1] is not ('(' or '\n'))
            {
                text.Append(' ');
            }
            text.Append(capital ? char.ToUpperInvariant(word[0]) + word[1..] : word);
            capital = word is "." or "!" or "?" or "\n";
        }

        return text.ToString();
    }
}
