using System.Net;
using System.Text;

namespace Attune.Web.Rendering.Tex;

/// <summary>
/// Reads a formula by recursive descent and writes MathML (MathML Core, the part that browsers draw). It knows the commands of
/// <see cref="TexSymbols"/>, <see cref="TexCommands"/> and <see cref="TexTables"/>, and refuses others by name.
/// </summary>
internal sealed class TexParser(string source, bool display)
{
    private const int Deepest = 60;
    private const int LongestFormula = 20_000;
    private int _depth;

    public TexLexer Lexer { get; } = new(source);

    /// <summary>Whether sums have their limits above and below.</summary>
    public bool Display { get; set; } = display;

    public string Formula()
    {
        if (source.Length > LongestFormula)
        {
            throw new TexException("it is too long.");
        }
        // Rows without a table, as models write them, are those of an aligned one.
        var rows = TexTables.Rows(this, TexKind.End);
        return rows.Count == 1 && rows[0].Count == 1 ? rows[0][0] : TexTables.Table(rows, TexTables.Aligned);
    }

    /// <summary>The formula as a part of another, whose depth counts.</summary>
    public string Nested(TexParser outer)
    {
        _depth = outer._depth + 1;
        return Formula();
    }

    /// <summary>Everything up to something that ends a row, which is not taken.</summary>
    public string Row(Func<TexToken, bool>? stop = null)
    {
        if (++_depth > Deepest)
        {
            throw new TexException("it is nested too deeply.");
        }
        var parts = new StringBuilder("<mrow>");
        while (true)
        {
            var token = Lexer.Peek();
            if (
                token.Kind is TexKind.End or TexKind.Close or TexKind.Column or TexKind.Row
                || token is { Kind: TexKind.Command, Text: "end" or "right" or "middle" }
                || stop?.Invoke(token) == true
            )
            {
                break;
            }
            parts.Append(Scripted());
        }

        _depth--;
        return parts.Append("</mrow>").ToString();
    }

    /// <summary>The argument of a command: a group, a command or one character.</summary>
    public string Argument()
    {
        var token = Lexer.Peek();
        if (token.Kind == TexKind.Character && token.Text.Length > 1 && char.IsAsciiDigit(token.Text[0]))
        {
            throw new TexException("an argument of several digits has no braces.");
        }
        return token.Kind is TexKind.End or TexKind.Close or TexKind.Column or TexKind.Row
            ? throw new TexException("an argument is missing.")
            : Atom().Xml;
    }

    /// <summary>An atom with what stands above and below it.</summary>
    private string Scripted()
    {
        var atom = Lexer.Peek().Kind is TexKind.Raise or TexKind.Lower ? new TexAtom("<mrow></mrow>") : Atom();
        var (low, high) = ((string?)null, (string?)null);
        while (true)
        {
            var token = Lexer.Peek();
            if (token is { Kind: TexKind.Command, Text: "limits" or "nolimits" })
            {
                Lexer.Next();
                atom = atom with { Limits = token.Text == "limits", AlwaysLimits = token.Text == "limits" };
            }
            else if (token.Kind == TexKind.Lower && low is null)
            {
                Lexer.Next();
                low = Script();
            }
            else if (token.Kind == TexKind.Raise && high is null)
            {
                Lexer.Next();
                high = Script();
            }
            else if (token is { Kind: TexKind.Character, Text: "'" } && high?.EndsWith("′</mo></mrow>", StringComparison.Ordinal) != false)
            {
                high = Primes(high);
            }
            else
            {
                return token.Kind is TexKind.Raise or TexKind.Lower
                    ? throw new TexException("it has two scripts in one place.")
                    : Join(atom, low, high, atom.Limits && (Display || atom.AlwaysLimits));
            }
        }
    }

    private string Primes(string? high)
    {
        var count = 0;
        while (Lexer.Peek() is { Kind: TexKind.Character, Text: "'" })
        {
            Lexer.Next();
            count++;
        }
        var primes = string.Concat(Enumerable.Repeat("<mo>′</mo>", count));
        if (Lexer.Peek().Kind == TexKind.Raise)
        {
            Lexer.Next();
            return $"<mrow>{primes}{Script()}</mrow>";
        }
        return high is null ? $"<mrow>{primes}</mrow>" : $"<mrow>{high}{primes}</mrow>";
    }

    /// <summary>A script of several digits without braces has only the first, as in TeX.</summary>
    private string Script()
    {
        var token = Lexer.Peek();
        if (token.Kind == TexKind.Character && token.Text.Length > 1 && char.IsAsciiDigit(token.Text[0]))
        {
            return Lexer.NextDigit();
        }
        return Argument();
    }

    private static string Join(TexAtom atom, string? low, string? high, bool limits)
    {
        var tag = (low, high) switch
        {
            (null, null) => null,
            (_, null) => limits ? "munder" : "msub",
            (null, _) => limits ? "mover" : "msup",
            _ => limits ? "munderover" : "msubsup",
        };
        var joined = tag is null ? atom.Xml : $"<{tag}>{atom.Xml}{low}{high}</{tag}>";
        return atom.IsFunction ? joined + "<mspace width=\"0.1667em\"></mspace>" : joined;
    }

    private TexAtom Atom()
    {
        var token = Lexer.Next();
        switch (token.Kind)
        {
            case TexKind.Open:
                var inner = Row();
                return Lexer.Next().Kind == TexKind.Close ? new TexAtom(inner) : throw new TexException("a brace { is not closed.");
            case TexKind.Character:
                return new TexAtom(Character(token.Text));
            case TexKind.Command:
                return TexCommands.Read(this, token.Text);
            default:
                throw new TexException($"'{token.Text}' stands where a symbol was expected.");
        }
    }

    private static string Character(string text) =>
        char.IsAsciiDigit(text[0]) ? $"<mn>{text}</mn>"
        : char.IsLetter(text, 0) ? $"<mi>{WebUtility.HtmlEncode(text)}</mi>"
        : text[0] switch
        {
            '-' => "<mo>−</mo>",
            '*' => "<mo>∗</mo>",
            '\'' => "<mo>′</mo>",
            '~' => "<mtext>\u00A0</mtext>",
            '(' or ')' or '[' or ']' or '|' or '/' => $"<mo stretchy=\"false\">{text}</mo>",
            ':' => "<mo>:</mo>",
            _ => $"<mo>{WebUtility.HtmlEncode(text)}</mo>",
        };
}

/// <summary>A part of a formula.</summary>
/// <param name="Limits">Scripts go above and below it in a formula on a line of its own.</param>
/// <param name="AlwaysLimits">They do within a line too.</param>
/// <param name="IsFunction">A name such as sin, after which a little space stands.</param>
internal sealed record TexAtom(string Xml, bool Limits = false, bool AlwaysLimits = false, bool IsFunction = false);
