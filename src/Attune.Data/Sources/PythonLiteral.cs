using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Attune.Data.Sources;

/// <summary>
/// Lists and dictionaries as Python prints them, which is how pandas and Hugging Face's datasets write nested values into CSV. The
/// elements of NumPy arrays stand without commas.
/// </summary>
internal sealed class PythonLiteral
{
    private const int Deepest = 32;
    private readonly string _text;
    private int _at;
    private int _depth;

    private PythonLiteral(string text) => _text = text;

    /// <summary>Null where the text is no such value.</summary>
    public static JsonElement? TryRead(string text)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            var literal = new PythonLiteral(text);
            if (!literal.Value(json) || !literal.AtEnd())
            {
                return null;
            }
        }

        using var document = JsonDocument.Parse(buffer.GetBuffer().AsMemory(0, (int)buffer.Length));
        return document.RootElement.Clone();
    }

    private bool AtEnd()
    {
        Space();
        return _at == _text.Length;
    }

    private void Space()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }
    }

    private bool Take(string word)
    {
        Space();
        if (!_text.AsSpan(_at).StartsWith(word))
        {
            return false;
        }

        _at += word.Length;
        return true;
    }

    private bool Value(Utf8JsonWriter json)
    {
        Space();
        if (_at == _text.Length || _depth > Deepest)
        {
            return false;
        }

        return _text[_at] switch
        {
            '[' => List(json, "]"),
            '(' => List(json, ")"),
            '{' => Dictionary(json),
            '\'' or '"' => Quoted(json),
            _ => Word(json),
        };
    }

    private bool Quoted(Utf8JsonWriter json)
    {
        if (Text() is not { } text)
        {
            return false;
        }

        json.WriteStringValue(text);
        return true;
    }

    private bool Word(Utf8JsonWriter json)
    {
        if (Take("array("))
        {
            return Array(json);
        }

        if (Take("None"))
        {
            json.WriteNullValue();
        }
        else if (Take("True"))
        {
            json.WriteBooleanValue(true);
        }
        else if (Take("False"))
        {
            json.WriteBooleanValue(false);
        }
        else
        {
            return Number(json);
        }

        return true;
    }

    private bool Array(Utf8JsonWriter json)
    {
        if (!Value(json))
        {
            return false;
        }

        if (Take(","))
        {
            var end = _text.IndexOf(')', _at);
            _at = end < 0 ? _text.Length : end;
        }

        return Take(")");
    }

    private bool Number(Utf8JsonWriter json)
    {
        var start = _at;
        while (_at < _text.Length && (char.IsAsciiDigit(_text[_at]) || _text[_at] is '+' or '-' or '.' or 'e' or 'E'))
        {
            _at++;
        }

        if (!double.TryParse(_text.AsSpan(start, _at - start), NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        json.WriteNumberValue(number);
        return double.IsFinite(number);
    }

    private bool List(Utf8JsonWriter json, string end)
    {
        _at++;
        _depth++;
        json.WriteStartArray();
        while (!Take(end))
        {
            if (!Value(json))
            {
                return false;
            }

            Take(",");
        }

        json.WriteEndArray();
        _depth--;
        return true;
    }

    private bool Dictionary(Utf8JsonWriter json)
    {
        _at++;
        _depth++;
        json.WriteStartObject();
        while (!Take("}"))
        {
            Space();
            if (_at == _text.Length || _text[_at] is not ('\'' or '"') || Text() is not { } key || !Take(":"))
            {
                return false;
            }

            json.WritePropertyName(key);
            if (!Value(json))
            {
                return false;
            }

            Take(",");
        }

        json.WriteEndObject();
        _depth--;
        return true;
    }

    /// <summary>A text in quotes of either kind, with Python's escapes; null where it does not end.</summary>
    private string? Text()
    {
        var quote = _text[_at++];
        var text = new StringBuilder();
        while (_at < _text.Length && _text[_at] != quote)
        {
            if (_text[_at] != '\\')
            {
                text.Append(_text[_at++]);
            }
            else if (!Escape(text))
            {
                return null;
            }
        }

        return _at++ < _text.Length ? text.ToString() : null;
    }

    private bool Escape(StringBuilder text)
    {
        if (++_at == _text.Length)
        {
            return false;
        }

        var letter = _text[_at++];
        switch (letter)
        {
            case 'n':
                text.Append('\n');
                return true;
            case 't':
                text.Append('\t');
                return true;
            case 'r':
                text.Append('\r');
                return true;
            case 'x':
                return Code(text, 2);
            case 'u':
                return Code(text, 4);
            case 'U':
                return Code(text, 8);
            default:
                text.Append(letter is '\\' or '\'' or '"' ? "" : "\\").Append(letter);
                return true;
        }
    }

    private bool Code(StringBuilder text, int digits)
    {
        if (
            _at + digits > _text.Length
            || !int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            || !Rune.IsValid(code)
        )
        {
            return false;
        }

        _at += digits;
        text.Append(new Rune(code));
        return true;
    }
}
