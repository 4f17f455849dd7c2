using System.Collections.Frozen;
using System.Net;

namespace Attune.Web.Rendering.Tex;

/// <summary>Commands with arguments.</summary>
internal static class TexCommands
{
    private static readonly FrozenDictionary<string, string> Accents = new Dictionary<string, string>
    {
        ["hat"] = "^",
        ["widehat"] = "^",
        ["bar"] = "¯",
        ["overline"] = "¯",
        ["vec"] = "→",
        ["overrightarrow"] = "→",
        ["overleftarrow"] = "←",
        ["dot"] = "˙",
        ["ddot"] = "¨",
        ["tilde"] = "~",
        ["widetilde"] = "~",
        ["check"] = "ˇ",
        ["breve"] = "˘",
        ["acute"] = "´",
        ["grave"] = "`",
        ["overbrace"] = "⏞",
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, string> Under = new Dictionary<string, string>
    {
        ["underline"] = "_",
        ["underbrace"] = "⏟",
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, string> Sizes =
        "big Big bigg Bigg bigl Bigl biggl Biggl bigr Bigr biggr Biggr bigm Bigm"
            .Split(' ')
            .ToFrozenDictionary(
                s => s,
                s =>
                    s.StartsWith("Bigg", StringComparison.Ordinal) ? "3em"
                    : s.StartsWith("bigg", StringComparison.Ordinal) ? "2.4em"
                    : s[0] == 'B' ? "1.8em"
                    : "1.2em"
            );

    public static TexAtom Read(TexParser parser, string name) =>
        TexSymbols.Find(name) is { } symbol ? symbol
        : Accents.TryGetValue(name, out var over) ? Accent(parser, name, over)
        : Under.TryGetValue(name, out var below)
            ? new TexAtom($"<munder>{parser.Argument()}<mo>{below}</mo></munder>", Limits: true, AlwaysLimits: name == "underbrace")
        : Sizes.TryGetValue(name, out var size)
            ? new TexAtom($"<mo minsize=\"{size}\" maxsize=\"{size}\">{TexSymbols.Delimiter(parser.Lexer.Next())}</mo>")
        : MathAlphabet.Find(name) is { } alphabet ? new TexAtom(Letters(parser, alphabet))
        : Structure(parser, name);

    private static TexAtom Accent(TexParser parser, string name, string mark)
    {
        var stretchy = name.StartsWith("wide", StringComparison.Ordinal) || name.StartsWith("over", StringComparison.Ordinal);
        return new TexAtom(
            $"<mover accent=\"true\">{parser.Argument()}<mo stretchy=\"{(stretchy ? "true" : "false")}\">{mark}</mo></mover>",
            Limits: name == "overbrace",
            AlwaysLimits: name == "overbrace"
        );
    }

    private static TexAtom Structure(TexParser parser, string name) =>
        name switch
        {
            "frac" or "cfrac" => new($"<mfrac>{parser.Argument()}{parser.Argument()}</mfrac>"),
            "dfrac" => new($"<mstyle displaystyle=\"true\"><mfrac>{parser.Argument()}{parser.Argument()}</mfrac></mstyle>"),
            "tfrac" => new($"<mstyle displaystyle=\"false\"><mfrac>{parser.Argument()}{parser.Argument()}</mfrac></mstyle>"),
            "binom" or "dbinom" or "tbinom" => new(
                $"<mrow><mo>(</mo><mfrac linethickness=\"0\">{parser.Argument()}{parser.Argument()}</mfrac><mo>)</mo></mrow>"
            ),
            "sqrt" => Root(parser),
            "text" or "textrm" or "textnormal" or "mbox" or "textbf" or "textit" or "texttt" or "textsf" => new(Words(parser.Lexer.Raw())),
            "operatorname" => Operator(parser),
            "left" => new(Fenced(parser)),
            "begin" => new(TexTables.Environment(parser)),
            "boxed" or "fbox" => new($"<mrow class=\"boxed\">{(name == "boxed" ? parser.Argument() : Words(parser.Lexer.Raw()))}</mrow>"),
            "overset" or "stackrel" => Over(parser),
            "underset" => Below(parser),
            "substack" => new(Substack(parser)),
            "pmod" => new(
                $"<mrow><mspace width=\"0.5em\"></mspace><mo stretchy=\"false\">(</mo><mi>mod</mi><mspace "
                    + $"width=\"0.3em\"></mspace>{parser.Argument()}<mo stretchy=\"false\">)</mo></mrow>"
            ),
            "xrightarrow" => new($"<mover><mo stretchy=\"true\">→</mo>{parser.Argument()}</mover>"),
            "xleftarrow" => new($"<mover><mo stretchy=\"true\">←</mo>{parser.Argument()}</mover>"),
            "mathop" => new(parser.Argument(), Limits: true),
            "mathbin" or "mathrel" or "mathord" or "mathopen" or "mathclose" => new(parser.Argument()),
            "phantom" => new($"<mphantom>{parser.Argument()}</mphantom>"),
            "not" => new(Negated(parser)),
            "tag" => new($"<mrow><mspace width=\"2em\"></mspace><mtext>({WebUtility.HtmlEncode(parser.Lexer.Raw())})</mtext></mrow>"),
            "displaystyle" or "textstyle" or "nonumber" or "notag" or "scriptstyle" => Style(parser, name),
            _ => throw new TexException($"\\{name} is not known here."),
        };

    private static TexAtom Style(TexParser parser, string name)
    {
        parser.Display = name == "displaystyle" || (parser.Display && name is not ("textstyle" or "scriptstyle"));
        return new TexAtom(name == "displaystyle" ? $"<mstyle displaystyle=\"true\">{parser.Row()}</mstyle>" : "");
    }

    private static TexAtom Root(TexParser parser)
    {
        if (parser.Lexer.Peek() is not { Kind: TexKind.Character, Text: "[" })
        {
            return new TexAtom($"<msqrt>{parser.Argument()}</msqrt>");
        }
        parser.Lexer.Next();
        var index = parser.Row(t => t is { Kind: TexKind.Character, Text: "]" });
        return parser.Lexer.Next().Text == "]"
            ? new TexAtom($"<mroot>{parser.Argument()}{index}</mroot>")
            : throw new TexException("the index of a root is not closed.");
    }

    private static TexAtom Operator(TexParser parser)
    {
        var star = parser.Lexer.Peek() is { Kind: TexKind.Character, Text: "*" };
        if (star)
        {
            parser.Lexer.Next();
        }
        return new TexAtom($"<mi mathvariant=\"normal\">{Plain(parser.Lexer.Raw())}</mi>", Limits: star, IsFunction: true);
    }

    private static TexAtom Over(TexParser parser)
    {
        var mark = parser.Argument();
        return new TexAtom($"<mover>{parser.Argument()}{mark}</mover>");
    }

    private static TexAtom Below(TexParser parser)
    {
        var mark = parser.Argument();
        return new TexAtom($"<munder>{parser.Argument()}{mark}</munder>");
    }

    private static string Substack(TexParser parser)
    {
        if (parser.Lexer.Next().Kind != TexKind.Open)
        {
            throw new TexException("\\substack has no group {...}.");
        }
        var rows = TexTables.Rows(parser, TexKind.Close);
        parser.Lexer.Next();
        return TexTables.Table(rows, "");
    }

    /// <summary>Brackets as high as what they enclose.</summary>
    private static string Fenced(TexParser parser)
    {
        var parts = $"<mrow>{Fence(parser)}{parser.Row()}";
        while (parser.Lexer.Peek() is { Kind: TexKind.Command, Text: "middle" })
        {
            parser.Lexer.Next();
            parts += Fence(parser) + parser.Row();
        }
        return parser.Lexer.Next() is { Kind: TexKind.Command, Text: "right" }
            ? $"{parts}{Fence(parser)}</mrow>"
            : throw new TexException("\\left has no \\right.");
    }

    private static string Fence(TexParser parser) =>
        TexSymbols.Delimiter(parser.Lexer.Next()) is { Length: > 0 } mark ? $"<mo fence=\"true\" stretchy=\"true\">{mark}</mo>" : "";

    private static string Negated(TexParser parser)
    {
        var token = parser.Lexer.Next();
        return token.Text switch
        {
            "=" => "<mo>≠</mo>",
            "in" => "<mo>∉</mo>",
            "<" => "<mo>≮</mo>",
            ">" => "<mo>≯</mo>",
            "subset" => "<mo>⊄</mo>",
            "subseteq" => "<mo>⊈</mo>",
            "equiv" => "<mo>≢</mo>",
            "exists" => "<mo>∄</mo>",
            "approx" => "<mo>≉</mo>",
            "sim" => "<mo>≁</mo>",
            "mid" => "<mo>∤</mo>",
            _ => throw new TexException($"\\not before '{token.Text}' is not known here."),
        };
    }

    private static string Letters(TexParser parser, MathAlphabet alphabet)
    {
        if (parser.Lexer.Peek().Kind != TexKind.Open)
        {
            var one = parser.Lexer.Next();
            return one.Kind == TexKind.Character
                ? alphabet.Markup(one.Text)
                : alphabet.Symbol(one.Text) ?? throw new TexException("a style has neither a letter nor a group.");
        }
        var raw = parser.Lexer.Raw();
        return raw.All(c => char.IsLetterOrDigit(c) || c == ' ') ? alphabet.Markup(raw.Replace(" ", "", StringComparison.Ordinal))
            : alphabet.Symbol(raw.Trim().TrimStart('\\')) is { } symbol ? symbol
            // Formulas within a style keep their own letters.
            : new TexParser(raw, parser.Display).Nested(parser);
    }

    private static string Words(string raw)
    {
        // Formulas within words, such as \text{if $x > 0$}.
        var parts = raw.Split('$');
        if (parts.Length % 2 == 0)
        {
            throw new TexException("a dollar in \\text is alone.");
        }
        var inner = parts.Select((p, i) => i % 2 == 0 ? $"<mtext>{Plain(p)}</mtext>" : new TexParser(p, false).Formula());
        return $"<mrow>{string.Concat(inner)}</mrow>";
    }

    private static string Plain(string words)
    {
        var text = words;
        foreach (var sign in new[] { "%", "$", "#", "&", "_", "{", "}", " " })
        {
            text = text.Replace("\\" + sign, sign, StringComparison.Ordinal);
        }
        // Spaces at the ends of words count.
        return text.Contains('\\', StringComparison.Ordinal)
            ? throw new TexException("words contain a command.")
            : WebUtility.HtmlEncode(text).Replace(' ', '\u00A0');
    }
}
