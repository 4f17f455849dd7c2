using System.Text;
using Attune.Text.Unicode;

namespace Attune.Text.Tokenizers.Pieces;

/// <summary>
/// What SentencePiece does to a text before it is cut: the file's own table of characters, spaces put, removed and written U+2581. Pieces
/// that users defined stay as they are.
/// </summary>
internal sealed class PieceNormalizer(SentencePieceModel model, CharsMap? map, PieceTree userDefined)
{
    private readonly string _space = model.EscapesSpaces ? "\u2581" : " ";

    /// <param name="putsSpace">False where the text follows another, so that no space comes between them.</param>
    public AlignedText Apply(AlignedText text, bool putsSpace)
    {
        var at = 0;
        while (model.RemovesSpaces && at < text.Text.Length && Next(text.Text, at) is (" ", var length))
        {
            at += length;
        }

        if (at == text.Text.Length)
        {
            return text.Slice(0, 0);
        }
        var result = new AlignedTextBuilder(text);
        var puts = putsSpace && model.PutsSpace;
        if (puts && !model.SpaceIsSuffix)
        {
            result.Append(_space, at, at + (char.IsSurrogatePair(text.Text, at) ? 2 : 1));
        }
        var afterSpace = model.RemovesSpaces;
        while (at < text.Text.Length)
        {
            var (next, length) = Next(text.Text, at);
            next = afterSpace ? next.TrimStart(' ') : next;
            result.Append(model.EscapesSpaces ? next.Replace(' ', '\u2581') : next, at, at + length);
            afterSpace = model.RemovesSpaces && (next.Length == 0 ? afterSpace : next.EndsWith(' '));
            at += length;
        }

        var whole = result.ToText();
        if (model.RemovesSpaces)
        {
            whole = whole.Slice(0, whole.Text.TrimEnd(_space[0]).Length);
        }
        return puts && model.SpaceIsSuffix ? Suffixed(whole) : whole;
    }

    private AlignedText Suffixed(AlignedText text)
    {
        if (!text.IsTraced || text.Text.Length == 0)
        {
            return text.Text + _space;
        }
        return new AlignedText(text.Text + _space, (ReadOnlyMemory<(int, int)>)text.Spans.ToArray().Append(text.Spans.Span[^1]).ToArray());
    }

    private (string Text, int Length) Next(string text, int at)
    {
        if (!userDefined.IsEmpty && userDefined.Longest(text, at) is > 0 and var defined)
        {
            return (text.Substring(at, defined), defined);
        }
        if (map?.Longest(text.AsSpan(at), out var length) is { } mapped)
        {
            return (mapped, length);
        }
        Rune.DecodeFromUtf16(text.AsSpan(at), out _, out var units);
        return (text.Substring(at, units), units);
    }
}
