using System.Globalization;
using System.Text;

namespace Attune.Text.Templates.Jinja;

/// <summary>The words inside a tag.</summary>
internal sealed partial class JinjaLexer
{
    private static readonly string[] Operators =
    [
        "**",
        "//",
        "==",
        "!=",
        "<=",
        ">=",
        "+",
        "-",
        "*",
        "/",
        "%",
        "~",
        "<",
        ">",
        "=",
        ".",
        ":",
        "|",
        ",",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
    ];

    private void ReadWord()
    {
        var first = _source[_at];
        if (first is '"' or '\'')
        {
            _tokens.Add(new JinjaToken(JinjaTokenKind.Text, ReadText(first), _line));
        }
        else if (char.IsAsciiDigit(first))
        {
            ReadNumber();
        }
        else if (char.IsLetter(first) || first == '_')
        {
            var end = _at;
            while (end < _source.Length && (char.IsLetterOrDigit(_source[end]) || _source[end] == '_'))
            {
                end++;
            }

            Add(JinjaTokenKind.Name, end);
        }
        else
        {
            var symbol =
                Array.Find(Operators, o => string.CompareOrdinal(_source, _at, o, 0, o.Length) == 0)
                ?? throw Wrong($"the character '{first}' has no meaning in a tag");
            Balance(symbol[0]);
            Add(JinjaTokenKind.Operator, _at + symbol.Length);
        }
    }

    private void Balance(char symbol)
    {
        if (symbol is '(' or '[' or '{')
        {
            _open.Push(
                symbol switch
                {
                    '(' => ')',
                    '[' => ']',
                    _ => '}',
                }
            );
        }
        else if (symbol is ')' or ']' or '}' && (!_open.TryPop(out var expected) || expected != symbol))
        {
            throw Wrong($"'{symbol}' closes nothing");
        }
    }

    private void ReadNumber()
    {
        var end = Digits(_at);
        var whole = end;
        if (end + 1 < _source.Length && _source[end] == '.' && char.IsAsciiDigit(_source[end + 1]))
        {
            end = Digits(end + 1);
        }
        var power = end + 1 < _source.Length && _source[end] is 'e' or 'E' ? end + (_source[end + 1] is '-' or '+' ? 2 : 1) : end;
        if (power > end && power < _source.Length && char.IsAsciiDigit(_source[power]))
        {
            end = Digits(power);
        }
        Add(end == whole ? JinjaTokenKind.Whole : JinjaTokenKind.Number, end);
    }

    private int Digits(int at)
    {
        while (at < _source.Length && (char.IsAsciiDigit(_source[at]) || _source[at] == '_'))
        {
            at++;
        }

        return at;
    }

    private string ReadText(char quote)
    {
        var text = new StringBuilder();
        var i = _at + 1;
        while (i < _source.Length && _source[i] != quote)
        {
            if (_source[i] == '\\' && i + 1 < _source.Length)
            {
                i = ReadEscape(i + 1, text);
            }
            else
            {
                text.Append(_source[i++]);
            }
        }

        if (i >= _source.Length)
        {
            throw Wrong("a text has no closing quote");
        }
        Advance(i + 1 - _at);
        return text.ToString();
    }

    /// <summary>Python's escapes.</summary>
    /// <param name="at">After the backslash.</param>
    private int ReadEscape(int at, StringBuilder text)
    {
        var digits = _source[at] switch
        {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if (digits > 0)
        {
            text.Append(ReadCodePoint(at, digits));
            return at + 1 + digits;
        }

        text.Append(
            _source[at] switch
            {
                'n' => "\n",
                't' => "\t",
                'r' => "\r",
                'a' => "\a",
                'b' => "\b",
                'f' => "\f",
                'v' => "\v",
                'N' or (>= '1' and <= '7') => throw Wrong(
                    $"a text holds the escape \\{_source[at]}, which is not known here; expected \\u and digits"
                ),
                '0' => "\0",
                '\n' => "",
                '\\' or '\'' or '"' => _source[at].ToString(),
                var other => "\\" + other,
            }
        );
        return at + 1;
    }

    /// <param name="at">At the letter before the digits.</param>
    private Rune ReadCodePoint(int at, int digits) =>
        at + digits < _source.Length
        && uint.TryParse(_source.AsSpan(at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var point)
        && Rune.IsValid(point)
            ? new Rune(point)
            : throw Wrong($"'\\{_source[at]}' is not followed by the {digits} digits of a character");

    private void Add(JinjaTokenKind kind, int end)
    {
        _tokens.Add(new JinjaToken(kind, _source[_at..end], _line));
        Advance(end - _at);
    }
}
