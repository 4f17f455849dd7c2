namespace Attune.Text.Templates.Jinja;

/// <summary>
/// Cuts a template into words, with white space as <c>trim_blocks</c> and <c>lstrip_blocks</c> leave it, which is how chat templates are
/// written: the line break after a block goes, and so do spaces before a block that begins its line. One line break at the very end goes
/// too.
/// </summary>
internal sealed partial class JinjaLexer
{
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

    private JinjaException Wrong(string what) => new($"line {_line}: {what}.");
}
