using System.Globalization;
using System.Text;

namespace Attune.Reports.Html;

/// <summary>
/// Builds HTML and SVG with balanced tags and encoded text, because models' answers may contain markup.
/// The result is well-formed XML as well.
/// </summary>
public sealed class Markup
{
    private readonly StringBuilder _text = new();
    private readonly Stack<string> _open = new();

    /// <summary>Opens an element; disposing what is returned closes it.</summary>
    public Opened Open(string tag, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        Start(tag, attributes).Append('>');
        _open.Push(tag);
        return new Opened(this);
    }

    /// <summary>An element that contains only text.</summary>
    public Markup Element(string tag, string text, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        using (Open(tag, attributes))
        {
            Text(text);
        }

        return this;
    }

    /// <summary>An element without content.</summary>
    public Markup Empty(string tag, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        Start(tag, attributes).Append(" />");
        return this;
    }

    public Markup Text(string text)
    {
        Encode(_text, text);
        return this;
    }

    /// <summary>Markup made by this assembly, such as a plot. Never text from a run.</summary>
    public Markup Verbatim(string markup)
    {
        _text.Append(markup);
        return this;
    }

    /// <summary>The finished markup.</summary>
    /// <exception cref="InvalidOperationException">An element is still open.</exception>
    public override string ToString() =>
        _open.Count == 0 ? _text.ToString() : throw new InvalidOperationException($"<{_open.Peek()}> is still open.");

    /// <summary>A coordinate: one decimal is a tenth of a pixel.</summary>
    internal static string Number(double value) => Math.Round(value, 1).ToString(CultureInfo.InvariantCulture);

    private StringBuilder Start(string tag, ReadOnlySpan<(string Name, string Value)> attributes)
    {
        _text.Append('<').Append(tag);
        foreach (var (name, value) in attributes)
        {
            _text.Append(' ').Append(name).Append("=\"");
            Encode(_text, value);
            _text.Append('"');
        }

        return _text;
    }

    private void Close() => _text.Append("</").Append(_open.Pop()).Append('>');

    // Control characters and lone surrogates are not allowed in HTML even when escaped: shown as the replacement character.
    private static void Encode(StringBuilder target, string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '<' => target.Append("&lt;"),
                '>' => target.Append("&gt;"),
                '&' => target.Append("&amp;"),
                '"' => target.Append("&quot;"),
                '\'' => target.Append("&#39;"),
                '\n' or '\t' => target.Append((char)rune.Value),
                '\r' => target.Append("&#13;"),
                < 0x20 or (>= 0x7F and < 0xA0) or 0xFFFE or 0xFFFF => target.Append('\uFFFD'),
                _ => target.Append(rune.ToString()),
            };
        }
    }

    /// <summary>An open element.</summary>
    public readonly struct Opened(Markup markup) : IDisposable
    {
        public void Dispose() => markup.Close();
    }
}
