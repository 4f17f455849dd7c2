using Markdig.Helpers;
using Markdig.Parsers;
using Markdig.Syntax.Inlines;

namespace Attune.Web.Rendering;

/// <summary>LaTeX within a line.</summary>
/// <param name="display">Whether it stands on a line of its own.</param>
internal sealed class MathInline(string source, bool display) : LeafInline
{
    public string Source { get; } = source;
    public bool Display { get; } = display;
}

/// <summary>
/// Formulas between $ and $, $$ and $$, \( and \), \[ and \]. A single dollar opens one only before something other than a space, and
/// closes one only after something other than a space and not before a digit (Pandoc's rule), so that "$5 and $10" stays money.
/// </summary>
internal sealed class InlineMathParser : InlineParser
{
    private const int LongestFormula = 10_000;

    public InlineMathParser() => OpeningCharacters = ['$', '\\'];

    public override bool Match(InlineProcessor processor, ref StringSlice slice)
    {
        var rest = slice.AsSpan();
        var (open, close) =
            rest.StartsWith("$$") ? ("$$", "$$")
            : rest.StartsWith(@"\(") ? (@"\(", @"\)")
            : rest.StartsWith(@"\[") ? (@"\[", @"\]")
            : rest[0] == '$' ? ("$", "$")
            : ("", "");
        if (open.Length == 0 || (open == "$" && slice.PeekCharExtra(-1) is var before && char.IsAsciiLetterOrDigit(before)))
        {
            return false;
        }
        var inner = rest[open.Length..];
        inner = inner[..Math.Min(LongestFormula, inner.Length)];
        var length = open == "$" ? Single(inner) : inner.IndexOf(close);
        if (length < 1 || inner[..length].IsWhiteSpace())
        {
            return false;
        }
        processor.Inline = new MathInline(inner[..length].ToString(), open is "$$" or @"\[");
        slice.Start += open.Length + length + close.Length;
        return true;
    }

    /// <summary>The length up to the closing dollar; -1 for none.</summary>
    private static int Single(ReadOnlySpan<char> inner)
    {
        if (inner.IsEmpty || char.IsWhiteSpace(inner[0]))
        {
            return -1;
        }
        for (var i = 0; i < inner.Length; i++)
        {
            switch (inner[i])
            {
                case '\\':
                    i++;
                    break;
                case '$':
                    var digit = i + 1 < inner.Length && char.IsAsciiDigit(inner[i + 1]);
                    return char.IsWhiteSpace(inner[i - 1]) || digit ? -1 : i;
                case '`':
                    return -1;
            }
        }

        return -1;
    }
}
