using System.Text;

namespace Attune.Text.Unicode;

/// <summary>A text on its way to tokens, which may remember where each of its characters came from.</summary>
/// <param name="Spans">
/// For each UTF-16 unit of the text the code points of the original that it was made of, from the first to, and without, the last; empty
/// where nobody asks.
/// </param>
internal readonly record struct AlignedText(string Text, ReadOnlyMemory<(int Start, int End)> Spans)
{
    public bool IsTraced => !Spans.IsEmpty;

    public static implicit operator AlignedText(string text) => new(text, default);

    /// <summary>A text that remembers its own places.</summary>
    public static AlignedText Traced(string text)
    {
        var spans = new (int, int)[text.Length];
        var (at, point) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            spans.AsSpan(at, rune.Utf16SequenceLength).Fill((point, point + 1));
            at += rune.Utf16SequenceLength;
            point++;
        }

        return new AlignedText(text, spans);
    }

    public AlignedText Slice(int start, int length) => new(Text.Substring(start, length), IsTraced ? Spans.Slice(start, length) : default);

    /// <summary>Another text of the same length, character by character.</summary>
    public AlignedText Replaced(string text) => new(text, Spans);

    /// <summary>The same with a text before it, which lies where its first character does.</summary>
    public AlignedText Prefixed(string prefix)
    {
        if (!IsTraced)
        {
            return prefix + Text;
        }

        var spans = new (int, int)[prefix.Length + Spans.Length];
        spans.AsSpan(0, prefix.Length).Fill(Spans.Span[0]);
        Spans.CopyTo(spans.AsMemory(prefix.Length));
        return new AlignedText(prefix + Text, spans);
    }

    /// <summary>The places in the original that a stretch of the text covers.</summary>
    public (int Start, int End) SpanOf(int start, int end)
    {
        var (first, last) = (int.MaxValue, 0);
        foreach (var (from, to) in Spans.Span[start..end])
        {
            (first, last) = (Math.Min(first, from), Math.Max(last, to));
        }

        return first == int.MaxValue ? (0, 0) : (first, last);
    }
}

/// <summary>Puts a changed text together, with the places of what it is made of where they are remembered.</summary>
/// <param name="source">What is changed.</param>
internal sealed class AlignedTextBuilder(AlignedText source)
{
    private readonly StringBuilder _text = new(source.Text.Length);
    private readonly List<(int Start, int End)>? _spans = source.IsTraced ? new(source.Text.Length) : null;

    /// <param name="text">Put in the place of a stretch of the source.</param>
    public void Append(ReadOnlySpan<char> text, int start, int end)
    {
        _text.Append(text);
        if (_spans is not null && text.Length > 0)
        {
            var span = source.SpanOf(start, end);
            for (var i = 0; i < text.Length; i++)
            {
                _spans.Add(span);
            }
        }
    }

    /// <summary>Takes a stretch of the source as it is.</summary>
    public void Keep(int start, int length)
    {
        _text.Append(source.Text, start, length);
        _spans?.AddRange(source.Spans.Span.Slice(start, length));
    }

    public AlignedText ToText() => new(_text.ToString(), _spans?.ToArray() ?? default(ReadOnlyMemory<(int, int)>));
}
