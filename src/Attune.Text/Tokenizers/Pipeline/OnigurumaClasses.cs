using System.Text;
using Attune.Text.Unicode;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>
/// Writes out what Oniguruma means by <c>\w</c>, <c>\b</c> and <c>\h</c> where .NET means something else, and the long s (U+017F), which
/// equals s there where case is ignored.
/// </summary>
internal static class OnigurumaClasses
{
    private const string Word = "[" + WordCharacters.Oniguruma + "]";
    private const string NoWord = "[^" + WordCharacters.Oniguruma + "]";

    public static string Rewrite(string pattern)
    {
        var result = new StringBuilder(pattern.Length + 16);
        var ignoresCase = new Stack<bool>();
        ignoresCase.Push(false);
        var inClass = false;
        for (var at = 0; at < pattern.Length; at++)
        {
            var character = pattern[at];
            if (character == '\\' && at + 1 < pattern.Length)
            {
                result.Append(Escape(pattern[++at], inClass));
                continue;
            }
            if (inClass)
            {
                inClass = character != ']';
            }
            else if (character == '[')
            {
                inClass = true;
                var first = ClosingFirst(pattern, at);
                result.Append(pattern, at, first - at);
                at = first - 1;
                continue;
            }
            else if (character == '(')
            {
                ignoresCase.Push(Ignores(pattern, at, ignoresCase.Peek()));
            }
            else if (character == ')' && ignoresCase.Count > 1)
            {
                ignoresCase.Pop();
            }

            var isLetterS = ignoresCase.Peek() && (character is 's' or 'S');
            result.Append(isLetterS ? (inClass ? "s\u017F" : "[s\u017F]") : character.ToString());
        }

        return result.ToString();
    }

    /// <summary>Where the rest of a class begins: a closing bracket that stands first in it is a character of it.</summary>
    private static int ClosingFirst(string pattern, int at)
    {
        var next = at + 1;
        next += next < pattern.Length && pattern[next] == '^' ? 1 : 0;
        return next + (next < pattern.Length && pattern[next] == ']' ? 1 : 0);
    }

    private static string Escape(char escaped, bool inClass) =>
        (escaped, inClass) switch
        {
            ('w', true) => WordCharacters.Common,
            ('w', false) => Word,
            ('W', false) => NoWord,
            ('b', false) => $"(?:(?<={Word})(?!{Word})|(?<!{Word})(?={Word}))",
            ('B', false) => $"(?:(?<={Word})(?={Word})|(?<!{Word})(?!{Word}))",
            ('h', true) => "0-9a-fA-F",
            ('h', false) => "[0-9a-fA-F]",
            _ => "\\" + escaped,
        };

    /// <summary>Whether a group that begins here ignores case, as <c>(?i:</c> does.</summary>
    private static bool Ignores(string pattern, int at, bool before)
    {
        if (at + 2 >= pattern.Length || pattern[at + 1] != '?')
        {
            return before;
        }
        var (on, ignores) = (true, before);
        for (var next = at + 2; next < pattern.Length && (char.IsAsciiLetter(pattern[next]) || pattern[next] == '-'); next++)
        {
            on &= pattern[next] != '-';
            ignores = pattern[next] == 'i' ? on : ignores;
        }

        return ignores;
    }
}
