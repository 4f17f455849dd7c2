using System.Collections.Frozen;
using Markdig.Helpers;
using Markdig.Parsers;
using Markdig.Syntax.Inlines;

namespace Attune.Web.Rendering;

/// <summary>
/// The tags that models write within Markdown for want of its own: a line break, and raised and lowered text without further markup.
/// Everything else in angle brackets is text: to drop it as HTML would hide words of the answer.
/// </summary>
internal sealed class HarmlessTagParser : InlineParser
{
    private static readonly FrozenSet<string> Breaks = new[] { "<br>", "<br/>", "<br />" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public HarmlessTagParser() => OpeningCharacters = ['<'];

    public override bool Match(InlineProcessor processor, ref StringSlice slice)
    {
        var rest = slice.AsSpan();
        var end = rest[..Math.Min(8, rest.Length)].IndexOf('>');
        if (end < 0)
        {
            return false;
        }
        var tag = rest[..(end + 1)].ToString();
        if (Breaks.Contains(tag))
        {
            processor.Inline = new BreakInline();
            slice.Start += tag.Length;
            return true;
        }
        if (tag is not ("<sub>" or "<sup>"))
        {
            return false;
        }
        var inner = rest[tag.Length..];
        var close = inner[..Math.Min(200, inner.Length)].IndexOf('<');
        if (close < 1 || !inner[close..].StartsWith("</" + tag[1..]))
        {
            return false;
        }
        processor.Inline = new RaisedInline(tag[1..^1], inner[..close].ToString());
        slice.Start += tag.Length + close + tag.Length + 1;
        return true;
    }
}

/// <summary>Raised or lowered text.</summary>
/// <param name="tag">sub or sup.</param>
internal sealed class RaisedInline(string tag, string text) : LeafInline
{
    public string Tag { get; } = tag;
    public string Text { get; } = text;
}

/// <summary>A line break that was written as a tag. Unlike the end of a line it may stand in a cell of a table.</summary>
internal sealed class BreakInline : LeafInline;
