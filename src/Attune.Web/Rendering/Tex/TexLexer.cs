namespace Attune.Web.Rendering.Tex;

internal enum TexKind
{
    /// <summary>A backslash with letters, or with one other character.</summary>
    Command,
    Character,
    Open,
    Close,
    Raise,
    Lower,

    /// <summary>The next column of a table.</summary>
    Column,

    /// <summary>The next row of a table.</summary>
    Row,
    End,
}

/// <param name="Text">The command without its backslash, or the character.</param>
/// <param name="After">Where it ends in the source.</param>
internal readonly record struct TexToken(TexKind Kind, string Text, int After);

/// <summary>A formula's source as tokens. White space means nothing in formulas.</summary>
internal sealed class TexLexer(string source)
{
    private int _at;

    public TexToken Peek()
    {
        var at = _at;
        while (at < source.Length && char.IsWhiteSpace(source[at]))
        {
            at++;
        }
        if (at >= source.Length)
        {
            return new TexToken(TexKind.End, "", at);
        }
        return source[at] switch
        {
            '\\' => Command(at),
            '{' => new(TexKind.Open, "{", at + 1),
            '}' => new(TexKind.Close, "}", at + 1),
            '^' => new(TexKind.Raise, "^", at + 1),
            '_' => new(TexKind.Lower, "_", at + 1),
            '&' => new(TexKind.Column, "&", at + 1),
            _ => Character(at),
        };
    }

    public TexToken Next()
    {
        var token = Peek();
        _at = token.After;
        return token;
    }

    /// <summary>The first digit of a number, where TeX takes one token.</summary>
    public string NextDigit()
    {
        var token = Peek();
        _at = token.After - token.Text.Length + 1;
        return $"<mn>{token.Text[0]}</mn>";
    }

    /// <summary>The raw text of a group, for \text{...} and names.</summary>
    public string Raw()
    {
        while (_at < source.Length && char.IsWhiteSpace(source[_at]))
        {
            _at++;
        }
        if (_at >= source.Length || source[_at] != '{')
        {
            throw new TexException("a group {...} is missing.");
        }
        var (start, depth) = (_at + 1, 0);
        for (; _at < source.Length; _at++)
        {
            depth +=
                source[_at] == '{' ? 1
                : source[_at] == '}' ? -1
                : 0;
            _at += source[_at] == '\\' ? 1 : 0;
            if (depth == 0)
            {
                return source[start.._at++];
            }
        }

        throw new TexException("a brace { is not closed.");
    }

    private TexToken Command(int at)
    {
        var end = at + 1;
        while (end < source.Length && char.IsAsciiLetter(source[end]))
        {
            end++;
        }
        if (end > at + 1)
        {
            return new(TexKind.Command, source[(at + 1)..end], end);
        }
        return end >= source.Length ? throw new TexException("it ends with a backslash.")
            : source[end] == '\\' ? new(TexKind.Row, "\\", end + 1)
            : new(TexKind.Command, source[end].ToString(), end + 1);
    }

    /// <summary>A number is one token, and so is a character of two UTF-16 units.</summary>
    private TexToken Character(int at)
    {
        var end = at;
        while (end < source.Length && (char.IsAsciiDigit(source[end]) || (source[end] is '.' or ',' && IsWithin(end, at))))
        {
            end++;
        }
        if (end == at)
        {
            end += char.IsHighSurrogate(source[at]) && at + 1 < source.Length && char.IsLowSurrogate(source[at + 1]) ? 2 : 1;
        }
        return new(TexKind.Character, source[at..end], end);
    }

    /// <summary>Whether a point or comma stands between digits of one number: 3.14, 1,000, but not f(1,2).</summary>
    private bool IsWithin(int end, int start) =>
        end > start
        && end + 1 < source.Length
        && char.IsAsciiDigit(source[end + 1])
        && (
            source[end] == '.'
            || (
                end + 3 < source.Length
                && source.AsSpan(end + 1, 3).IndexOfAnyExceptInRange('0', '9') < 0
                && (end + 4 >= source.Length || !char.IsAsciiDigit(source[end + 4]))
            )
        );
}
