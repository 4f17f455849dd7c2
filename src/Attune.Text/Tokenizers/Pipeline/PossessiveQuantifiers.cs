using System.Text;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>Rewrites regular expressions of the Oniguruma library for .NET.</summary>
internal static class PossessiveQuantifiers
{
    /// <summary>Possessive quantifiers (<c>?+ *+ ++</c>), which .NET does not have, as atomic groups.</summary>
    public static string ToAtomicGroups(string pattern)
    {
        var result = new StringBuilder(pattern.Length + 8);
        var open = new Stack<int>();
        var (atom, at) = (0, 0);
        while (at < pattern.Length)
        {
            var start = result.Length;
            switch (pattern[at])
            {
                case '\\':
                    var length = EscapeLength(pattern, at);
                    result.Append(pattern, at, length);
                    (atom, at) = (start, at + length);
                    continue;
                case '[':
                    var end = ClassEnd(pattern, at);
                    result.Append(pattern, at, end - at);
                    (atom, at) = (start, end);
                    continue;
                case '(':
                    open.Push(start);
                    break;
                case ')':
                    atom = open.TryPop(out var group) ? group : start;
                    break;
                case '?' or '*' or '+' when at > 0 && at + 1 < pattern.Length && pattern[at + 1] == '+' && pattern[at - 1] != '(':
                    result.Append(pattern[at]).Append(')').Insert(atom, "(?>");
                    at += 2;
                    continue;
                case '?' or '*' or '+':
                    break;
                default:
                    atom = start;
                    break;
            }

            result.Append(pattern[at++]);
        }

        return result.ToString();
    }

    private static int EscapeLength(string pattern, int at) =>
        pattern.AsSpan(at) is ['\\', 'p' or 'P', '{', ..] && pattern.IndexOf('}', at) is > 0 and var close
            ? close + 1 - at
            : Math.Min(2, pattern.Length - at);

    private static int ClassEnd(string pattern, int at)
    {
        var end = at + 1;
        if (end < pattern.Length && pattern[end] == '^')
        {
            end++;
        }
        if (end < pattern.Length && pattern[end] == ']')
        {
            end++;
        }
        while (end < pattern.Length && pattern[end] != ']')
        {
            end += pattern[end] == '\\' ? 2 : 1;
        }

        return Math.Min(pattern.Length, end + 1);
    }
}
