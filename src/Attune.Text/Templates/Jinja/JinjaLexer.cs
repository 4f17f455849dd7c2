using System.Globalization;
using System.Text;

namespace Attune.Text.Templates.Jinja;

internal enum JinjaTokenKind
{
    Data,
    BlockBegin,
    BlockEnd,
    VariableBegin,
    VariableEnd,
    Name,
    Text,
    Whole,
    Number,
    Operator,
    End,
}

/// <summary>A word of a template.</summary>
/// <param name="Value">A text's content, a name, an operator, or a number's digits.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Value, int Line);

/// <summary>
/// Cuts a template into words, with white space as <c>trim_blocks</c> and <c>lstrip_blocks</c> leave it, which is how chat templates are
/// written: the line break after a block goes, and so do spaces before a block that begins its line. One line break at the very end goes
/// too.
/// </summary>
internal sealed class JinjaLexer
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
    private readonly string _source;
    private readonly List<JinjaToken> _tokens = [];
    private readonly Stack<char> _open = new();
    private int _at;
    private int _line = 1;

    private JinjaLexer(string source)
    {
        var plain = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        _source = plain.EndsWith('\n') ? plain[..^1] : plain;
    }

    public static List<JinjaToken> Read(string source)
    {
        var lexer = new JinjaLexer(source);
        lexer.ReadAll();
        return lexer._tokens;
    }

    private void ReadAll()
    {
        while (_at < _source.Length)
        {
            var next = NextTag();
            AddData(next);
            if (next == _source.Length)
            {
                break;
            }
            Advance(next - _at);
            switch (_source[_at + 1])
            {
                case '#':
                    SkipComment();
                    break;
                case '%' when IsRaw(out var after):
                    ReadRaw(after);
                    break;
                case '%':
                    ReadTag(JinjaTokenKind.BlockBegin, JinjaTokenKind.BlockEnd, "%}");
                    break;
                default:
                    ReadTag(JinjaTokenKind.VariableBegin, JinjaTokenKind.VariableEnd, "}}");
                    break;
            }
        }

        _tokens.Add(new JinjaToken(JinjaTokenKind.End, "", _line));
    }

    private int NextTag()
    {
        for (var i = _at; i + 1 < _source.Length; i++)
        {
            if (_source[i] == '{' && _source[i + 1] is '%' or '{' or '#')
            {
                return i;
            }
        }

        return _source.Length;
    }

    /// <summary>The text up to a tag, less what the tag takes away before itself.</summary>
    private void AddData(int tag)
    {
        var text = _source.AsSpan(_at, tag - _at);
        var sign = tag + 2 < _source.Length ? _source[tag + 2] : ' ';
        if (tag < _source.Length && sign == '-')
        {
            text = text.TrimEnd();
        }
        else if (tag < _source.Length && sign != '+' && _source[tag + 1] != '{')
        {
            var line = text.LastIndexOf('\n') + 1;
            var begins = line > 0 || _at == 0 || _source[_at - 1] == '\n';
            if (begins && text[line..].IsWhiteSpace())
            {
                text = text[..line];
            }
        }

        if (text.Length > 0)
        {
            _tokens.Add(new JinjaToken(JinjaTokenKind.Data, text.ToString(), _line));
        }
    }

    private void SkipComment()
    {
        var end = _source.IndexOf("#}", _at + 2, StringComparison.Ordinal);
        if (end < 0)
        {
            throw Wrong("a comment {# has no end #}");
        }
        var sign = _source[end - 1];
        Advance(end + 2 - _at);
        AfterBlock(sign);
    }

    private bool IsRaw(out int after)
    {
        after = _at + 2;
        after += after < _source.Length && _source[after] is '-' or '+' ? 1 : 0;
        after = SkipSpace(after);
        if (string.CompareOrdinal(_source, after, "raw", 0, 3) != 0)
        {
            return false;
        }
        after = SkipSpace(after + 3);
        after += after < _source.Length && _source[after] == '-' ? 1 : 0;
        return string.CompareOrdinal(_source, after, "%}", 0, 2) == 0;
    }

    private void ReadRaw(int close)
    {
        var sign = _source[close - 1];
        Advance(close + 2 - _at);
        AfterBlock(sign);
        for (
            var tag = _source.IndexOf("{%", _at, StringComparison.Ordinal);
            tag >= 0;
            tag = _source.IndexOf("{%", tag + 2, StringComparison.Ordinal)
        )
        {
            var name = SkipSpace(tag + 2 + (tag + 2 < _source.Length && _source[tag + 2] is '-' or '+' ? 1 : 0));
            var end = _source.IndexOf("%}", tag, StringComparison.Ordinal);
            if (string.CompareOrdinal(_source, name, "endraw", 0, 6) != 0 || end < 0)
            {
                continue;
            }
            AddData(tag);
            sign = _source[end - 1];
            Advance(end + 2 - _at);
            AfterBlock(sign);
            return;
        }

        throw Wrong("{% raw %} has no {% endraw %}");
    }

    private void ReadTag(JinjaTokenKind begin, JinjaTokenKind end, string close)
    {
        _tokens.Add(new JinjaToken(begin, "", _line));
        Advance(2);
        if (_at < _source.Length && _source[_at] is '-' or '+')
        {
            Advance(1);
        }
        _open.Clear();
        while (true)
        {
            Advance(SkipSpace(_at) - _at);
            if (_at >= _source.Length)
            {
                throw Wrong($"a tag has no end {close}");
            }
            var signed = _source[_at] is '-' or '+' && string.CompareOrdinal(_source, _at + 1, close, 0, 2) == 0;
            // Within braces "}}" closes two of them, not the tag.
            if (_open.Count == 0 && (signed || string.CompareOrdinal(_source, _at, close, 0, 2) == 0))
            {
                var sign = signed ? _source[_at] : ' ';
                _tokens.Add(new JinjaToken(end, "", _line));
                Advance(signed ? 3 : 2);
                if (end == JinjaTokenKind.BlockEnd || sign == '-')
                {
                    AfterBlock(sign);
                }
                return;
            }

            ReadWord();
        }
    }

    /// <summary>White space after a tag that ends in <c>-</c> goes; else one line break, unless it ends in <c>+</c>.</summary>
    private void AfterBlock(char sign)
    {
        if (sign == '-')
        {
            Advance(SkipSpace(_at) - _at);
        }
        else if (sign != '+' && _at < _source.Length && _source[_at] == '\n')
        {
            Advance(1);
        }
    }

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
            if (
                at + digits < _source.Length
                && uint.TryParse(
                    _source.AsSpan(at + 1, digits),
                    NumberStyles.AllowHexSpecifier,
                    CultureInfo.InvariantCulture,
                    out var point
                )
                && Rune.IsValid(point)
            )
            {
                text.Append(new Rune(point));
            }
            else
            {
                throw Wrong($"'\\{_source[at]}' is not followed by the {digits} digits of a character");
            }
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
                '0' => "\0",
                '\n' => "",
                '\\' or '\'' or '"' => _source[at].ToString(),
                var other => "\\" + other,
            }
        );
        return at + 1;
    }

    private void Add(JinjaTokenKind kind, int end)
    {
        _tokens.Add(new JinjaToken(kind, _source[_at..end], _line));
        Advance(end - _at);
    }

    private int SkipSpace(int at)
    {
        while (at < _source.Length && char.IsWhiteSpace(_source[at]))
        {
            at++;
        }

        return at;
    }

    private void Advance(int count)
    {
        _line += _source.AsSpan(_at, count).Count('\n');
        _at += count;
    }

    private JinjaProblem Wrong(string what) => new($"line {_line}: {what}.");
}
