using System.Collections.Frozen;

namespace Attune.Web.Rendering;

/// <summary>
/// Code as coloured parts: comments, texts, numbers and keywords. One pass from left to right, so that no text can make it slow; it knows
/// the words of a language and not its grammar.
/// </summary>
internal static class CodeTokens
{
    private const string Comment = "h-c";
    private const string Quote = "h-s";
    private const string Number = "h-n";
    private const string Keyword = "h-k";

    /// <param name="language">As the fence names it; an unknown one has no colours.</param>
    public static IEnumerable<(string Text, string Kind)> Of(string code, string language)
    {
        if (language is "diff" or "patch")
        {
            return Diff(code);
        }
        return CodeLanguage.Find(language) is { } known ? Merge(Parts(code, known)) : [(code, "")];
    }

    private static IEnumerable<(string, string)> Diff(string code)
    {
        foreach (var line in code.Split('\n'))
        {
            yield return (
                line,
                line.StartsWith('+') ? "h-a"
                : line.StartsWith('-') ? "h-d"
                : ""
            );
            yield return ("\n", "");
        }
    }

    /// <summary>Neighbours of one kind as one part.</summary>
    private static IEnumerable<(string, string)> Merge(IEnumerable<(int Start, int End, string Kind, string Code)> parts)
    {
        var (start, end, kind, code) = (0, 0, "", "");
        foreach (var part in parts)
        {
            if (part.Kind != kind && end > start)
            {
                yield return (code[start..end], kind);
                start = part.Start;
            }
            (end, kind, code) = (part.End, part.Kind, part.Code);
        }

        if (end > start)
        {
            yield return (code[start..end], kind);
        }
    }

    private static IEnumerable<(int, int, string, string)> Parts(string code, CodeLanguage language)
    {
        var i = 0;
        while (i < code.Length)
        {
            var (end, kind) = Next(code, i, language);
            yield return (i, end, kind, code);
            i = end;
        }
    }

    private static (int End, string Kind) Next(string code, int at, CodeLanguage language)
    {
        var rest = code.AsSpan(at);
        if (language.Block is var (open, close) && open.Length > 0 && rest.StartsWith(open))
        {
            var end = rest[open.Length..].IndexOf(close);
            return (end < 0 ? code.Length : at + open.Length + end + close.Length, Comment);
        }
        if (language.Line.Any(l => code.AsSpan(at).StartsWith(l)))
        {
            var end = rest.IndexOf('\n');
            return (end < 0 ? code.Length : at + end, Comment);
        }
        if (language.Quotes.Contains(rest[0]))
        {
            return (at + Quoted(rest, language), Quote);
        }
        if (char.IsAsciiDigit(rest[0]))
        {
            return (at + Run(rest, c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_'), Number);
        }
        if (char.IsLetter(rest[0]) || rest[0] is '_' or '@' or '#')
        {
            var length = Math.Max(1, Run(rest, c => char.IsLetterOrDigit(c) || c == '_'));
            return (at + length, language.Keywords.Contains(code.Substring(at, length)) ? Keyword : "");
        }
        return (at + 1, "");
    }

    /// <summary>A text up to its closing mark; one mark ends with the line, three of them may go over several.</summary>
    private static int Quoted(ReadOnlySpan<char> rest, CodeLanguage language)
    {
        var mark = rest[0];
        if (language.Triple && rest.Length >= 3 && rest[1] == mark && rest[2] == mark)
        {
            var end = rest[3..].IndexOf(new string(mark, 3));
            return end < 0 ? rest.Length : end + 6;
        }
        for (var i = 1; i < rest.Length; i++)
        {
            if (rest[i] == '\\')
            {
                i++;
            }
            else if (rest[i] == mark)
            {
                return i + 1;
            }
            else if (rest[i] == '\n' && mark != '`')
            {
                return i;
            }
        }

        return rest.Length;
    }

    private static int Run(ReadOnlySpan<char> text, Func<char, bool> within)
    {
        var i = 0;
        while (i < text.Length && within(text[i]))
        {
            i++;
        }
        return i;
    }
}

/// <summary>How a language writes comments and texts, and its keywords.</summary>
/// <param name="Line">What begins a comment to the end of the line.</param>
/// <param name="Block">What begins and ends a comment of several lines; empty for none.</param>
/// <param name="Triple">Whether three quotation marks enclose several lines.</param>
internal sealed record CodeLanguage(
    string[] Line,
    (string Open, string Close) Block,
    string Quotes,
    bool Triple,
    FrozenSet<string> Keywords
)
{
    private const string CWords =
        "if else for while do switch case default break continue return struct enum union typedef sizeof static const "
        + "extern void int char long short float double unsigned signed bool true false goto inline volatile ";

    private const string JavaWords =
        "class interface extends implements public private protected final abstract static void int long double float "
        + "boolean char byte new return if else for while do switch case default break continue try catch finally throw throws import "
        + "package this super null true false instanceof enum record var ";

    private const string ScriptWords =
        "function return if else for while do switch case default break continue const let var new class extends import "
        + "export from async await try catch finally throw typeof instanceof in of this super null undefined true false yield delete ";

    private const string PythonWords =
        "def class return if elif else for while break continue import from as with try except finally raise yield "
        + "lambda pass in is not and or None True False async await global nonlocal assert del match case ";

    private const string SqlWords =
        "select from where insert into values update set delete create table drop alter join left right inner outer on "
        + "group by order having limit as and or not null is in between like distinct union all count sum avg min max primary key ";

    private static readonly (string Names, CodeLanguage Language)[] All =
    [
        (
            "c cpp c++ h hpp cc",
            Braces(CWords + "class namespace template typename public private protected virtual new delete this nullptr auto using")
        ),
        (
            "cs csharp c#",
            Braces(
                JavaWords
                    + "namespace using string object decimal foreach async await is as in out ref get set init "
                    + "sealed readonly override virtual const"
            )
        ),
        ("java kotlin kt scala groovy", Braces(JavaWords + "fun val when object companion def trait lazy override data sealed")),
        (
            "js javascript ts typescript jsx tsx",
            Braces(ScriptWords + "interface type enum implements readonly string number boolean any void never public private", "\"'`")
        ),
        (
            "go golang",
            Braces(
                "package import func return if else for range switch case default break continue go defer chan "
                    + "map struct interface type var const nil true false select",
                "\"'`"
            )
        ),
        (
            "rust rs",
            Braces(
                "fn let mut pub struct enum impl trait match if else for while loop return break continue use mod "
                    + "crate self Self super where async await move ref dyn true false const static unsafe as in",
                "\""
            )
        ),
        ("swift dart", Braces(JavaWords + "func let var guard struct protocol extension nil self Self in is as some async await defer")),
        (
            "php",
            new(
                ["//", "#"],
                ("/*", "*/"),
                "\"'",
                false,
                Words(ScriptWords + "echo foreach public private protected static use namespace fn array")
            )
        ),
        ("python py python3", new(["#"], ("", ""), "\"'", true, Words(PythonWords))),
        (
            "bash sh shell zsh console",
            Hash("if then else elif fi for while do done case esac function return in local export echo cd set unset exit")
        ),
        (
            "ruby rb perl r julia jl elixir",
            Hash(
                "def end class module if elsif else unless while for do return function local my sub use require "
                    + "library true false nil NULL TRUE FALSE in begin rescue ensure yield"
            )
        ),
        (
            "yaml yml toml ini conf dockerfile makefile make properties",
            Hash("true false null yes no on off FROM RUN COPY CMD ENTRYPOINT ENV WORKDIR EXPOSE ARG")
        ),
        ("json json5 jsonc jsonl", new(["//"], ("", ""), "\"", false, Words("true false null"))),
        ("sql sqlite postgresql mysql", new(["--"], ("/*", "*/"), "'\"", false, Words(SqlWords + SqlWords.ToUpperInvariant()))),
        (
            "lua haskell hs elm",
            new(
                ["--"],
                ("{-", "-}"),
                "\"'",
                false,
                Words(
                    "function local end if then else elseif for while do return nil true false and or not where "
                        + "let in module import data type class instance case of deriving"
                )
            )
        ),
        (
            "html xml svg xhtml",
            new(
                [],
                ("<!--", "-->"),
                "\"'",
                false,
                Words("html head body div span p a img table tr td th ul ol li script style link meta form input button title h1 h2 h3")
            )
        ),
        (
            "css scss less",
            new(
                [],
                ("/*", "*/"),
                "\"'",
                false,
                Words("important media import color background margin padding display border font width height position")
            )
        ),
        ("latex tex matlab octave", new(["%"], ("", ""), "\"", false, Words("begin end function if else elseif for while return"))),
    ];

    private static readonly FrozenDictionary<string, CodeLanguage> Known = All.SelectMany(l =>
            l.Names.Split(' ').Select(n => (n, l.Language))
        )
        .ToFrozenDictionary(l => l.n, l => l.Language);

    public static CodeLanguage? Find(string name) => Known.GetValueOrDefault(name.ToLowerInvariant());

    private static CodeLanguage Braces(string keywords, string quotes = "\"'") => new(["//"], ("/*", "*/"), quotes, false, Words(keywords));

    private static CodeLanguage Hash(string keywords) => new(["#"], ("", ""), "\"'", false, Words(keywords));

    private static FrozenSet<string> Words(string words) =>
        words.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
}
