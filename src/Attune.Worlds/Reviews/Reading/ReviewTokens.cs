using System.Text.RegularExpressions;

namespace Attune.Worlds.Reviews.Reading;

/// <summary>Words, in lower case, and marks of punctuation of a text.</summary>
internal static partial class ReviewTokens
{
    public static string[] Split(string text) => [.. Token().Matches(text).Select(m => m.Value.ToLowerInvariant())];

    public static bool IsWord(string token) => char.IsLetter(token[0]);

    public static bool EndsSentence(string token) => token is "." or "!" or "?";

    [GeneratedRegex(@"\p{L}[\p{L}'-]*|\S", RegexOptions.CultureInvariant)]
    private static partial Regex Token();
}
