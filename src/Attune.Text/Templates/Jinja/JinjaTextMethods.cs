using System.Globalization;

namespace Attune.Text.Templates.Jinja;

/// <summary>Python's methods of texts, those that templates use.</summary>
internal static class JinjaTextMethods
{
    /// <summary>What Python takes for white space: .NET's, and four separators.</summary>
    public static readonly char[] White =
    [
        .. Enumerable.Range(0, char.MaxValue).Select(c => (char)c).Where(c => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F'),
    ];

    public static JinjaFunction? Find(string text, string name, JinjaBudget budget)
    {
        var body = Change(text, name, budget) ?? Question(text, name);
        return body is null
            ? null
            : new JinjaFunction(
                name,
                a =>
                {
                    budget.Step(text.Length / 16);
                    return body(a);
                }
            );
    }

    /// <summary>Methods that make other texts of a text.</summary>
    private static Func<JinjaArguments, object?>? Change(string text, string name, JinjaBudget budget) =>
        name switch
        {
            "strip" => a => Strip(text, a, left: true, right: true),
            "lstrip" => a => Strip(text, a, left: true, right: false),
            "rstrip" => a => Strip(text, a, left: false, right: true),
            "upper" => _ => JinjaCase.Upper(text),
            "lower" => _ => JinjaCase.Lower(text),
            "capitalize" => _ => JinjaCase.Capitalized(text),
            "title" => _ => JinjaCase.Title(text),
            "swapcase" => _ => JinjaCase.Swapped(text),
            "removeprefix" => a => Text(a, 0) is var p && text.StartsWith(p, StringComparison.Ordinal) ? text[p.Length..] : text,
            "removesuffix" => a =>
                Text(a, 0) is var p && p.Length > 0 && text.EndsWith(p, StringComparison.Ordinal) ? text[..^p.Length] : text,
            "replace" => a => Replaced(text, Text(a, 0), Text(a, 1), Count(a, 2, "count"), budget),
            "split" => a => Split(text, a, budget),
            "rsplit" => a => SplitRight(text, a),
            "splitlines" => a => List(Lines(text, JinjaValues.Truth(a.Get(0, "keepends", false)))),
            "ljust" => a => Justified(text, a, 0, budget),
            "rjust" => a => Justified(text, a, 1, budget),
            "center" => a => Justified(text, a, 2, budget),
            "partition" => a => Partition(text, Text(a, 0), text.IndexOf(Text(a, 0), StringComparison.Ordinal), tail: false),
            "rpartition" => a => Partition(text, Text(a, 0), text.LastIndexOf(Text(a, 0), StringComparison.Ordinal), tail: true),
            "join" => a => Joined(text, a.Required(0, "iterable"), budget),
            "zfill" => a => Padded(text, a, budget),
            "format" => a => budget.Made(JinjaFormat.Braces(text, a)),
            _ => null,
        };

    /// <summary>Methods that search a text or ask what it is.</summary>
    private static Func<JinjaArguments, object?>? Question(string text, string name) =>
        name switch
        {
            "startswith" => a => Any(a, p => Within(text, a, out _).StartsWith(p, StringComparison.Ordinal)),
            "endswith" => a => Any(a, p => Within(text, a, out _).EndsWith(p, StringComparison.Ordinal)),
            "find" => a => Place(text, a, (part, wanted) => part.IndexOf(wanted, StringComparison.Ordinal)),
            "rfind" => a => Place(text, a, (part, wanted) => part.LastIndexOf(wanted, StringComparison.Ordinal)),
            "index" => a =>
                Place(text, a, (part, wanted) => part.IndexOf(wanted, StringComparison.Ordinal)) is >= 0 and var at
                    ? at
                    : throw new JinjaException("the part is not in the text"),
            "count" => a => Count(Within(text, a, out _), Text(a, 0)),
            "isdecimal" => _ => Every(text, r => CharUnicodeInfo.GetDecimalDigitValue(r.ToString(), 0) >= 0),
            "isdigit" => _ => Every(text, r => CharUnicodeInfo.GetDigitValue(r.ToString(), 0) >= 0),
            "isnumeric" => _ => Every(text, r => CharUnicodeInfo.GetNumericValue(r.ToString(), 0) != -1),
            "isalpha" => _ => Every(text, System.Text.Rune.IsLetter),
            "isalnum" => _ => Every(text, r => System.Text.Rune.IsLetter(r) || CharUnicodeInfo.GetNumericValue(r.ToString(), 0) != -1),
            "isspace" => _ => text.Length > 0 && text.All(IsWhite),
            "isascii" => _ => text.All(char.IsAscii),
            "istitle" => _ => JinjaCase.IsTitle(text),
            "isupper" => _ => text.Any(char.IsUpper) && !text.Any(char.IsLower),
            "islower" => _ => text.Any(char.IsLower) && !text.Any(char.IsUpper),
            _ => null,
        };

    internal static bool IsWhite(char letter) => char.IsWhiteSpace(letter) || letter is >= '\u001C' and <= '\u001F';

    private static bool Every(string text, Func<System.Text.Rune, bool> holds) => text.Length > 0 && text.EnumerateRunes().All(holds);

    internal static string Joined(string between, object? items, JinjaBudget budget, Func<object?, object?>? part = null)
    {
        var texts = JinjaValues.Items(items).Select(i => JinjaValues.Text(part is null ? i : part(i))).ToList();
        budget.Make(texts.Sum(t => (long)t.Length + between.Length));
        return string.Join(between, texts);
    }

    internal static string Replaced(string text, string from, string to, long count, JinjaBudget budget)
    {
        var found = from.Length == 0 ? text.Length + 1L : text.Length / from.Length;
        budget.Make(text.Length + Math.Min(found, count < 0 ? found : count) * to.Length);
        if (from.Length == 0)
        {
            return to + string.Join(to, JinjaValues.Items(text)) + (text.Length > 0 ? to : "");
        }
        if (count < 0)
        {
            return text.Replace(from, to, StringComparison.Ordinal);
        }
        return string.Join(to, text.Split(from, (int)Math.Min(int.MaxValue, count + 1)));
    }

    private static string Strip(string text, JinjaArguments a, bool left, bool right)
    {
        var characters = a.Get(0, "chars") is string given ? given.ToCharArray() : White;
        var result = left ? text.TrimStart(characters) : text;
        return right ? result.TrimEnd(characters) : result;
    }

    private static bool Any(JinjaArguments a, Func<string, bool> test) =>
        a.Required(0, "prefix") switch
        {
            string part => test(part),
            JinjaList parts => parts.Items.Any(p => p is string part && test(part)),
            var other => throw new JinjaException($"a text was expected, found {JinjaValues.TypeOf(other)}"),
        };

    private static string Text(JinjaArguments a, int place) =>
        a.Required(place, "value") as string
        ?? throw new JinjaException($"a text was expected, found {JinjaValues.TypeOf(a.Required(place, "value"))}");

    private static long Count(JinjaArguments a, int place, string name) =>
        a.Get(place, name, -1L) as long? ?? throw new JinjaException($"'{name}' is not a whole number");

    private static JinjaList Split(string text, JinjaArguments a, JinjaBudget budget)
    {
        var most = Count(a, 1, "maxsplit");
        budget.Make(text.Length);
        if (a.Get(0, "sep") is null)
        {
            // Without a separator, runs of white space separate and none is left over.
            if (most < 0)
            {
                return List(text.Split(White, StringSplitOptions.RemoveEmptyEntries));
            }
            var parts = new List<string>();
            var rest = text.TrimStart(White);
            while (rest.Length > 0 && parts.Count < most)
            {
                var end = Array.FindIndex(rest.ToCharArray(), IsWhite);
                parts.Add(end < 0 ? rest : rest[..end]);
                rest = end < 0 ? "" : rest[end..].TrimStart(White);
            }

            return List(rest.Length > 0 ? [.. parts, rest.TrimEnd(White)] : parts);
        }

        var separator = Separator(a);
        return List(most < 0 ? text.Split(separator) : text.Split(separator, (int)Math.Min(int.MaxValue, most + 1)));
    }

    private static JinjaList SplitRight(string text, JinjaArguments a)
    {
        var most = Count(a, 1, "maxsplit");
        var parts = a.Get(0, "sep") is null ? text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : text.Split(Separator(a));
        var first = most < 0 ? 1 : Math.Max(1, parts.Length - (int)Math.Min(most, parts.Length));
        return parts.Length == 0 ? List(parts) : List([string.Join(a.Get(0, "sep") as string ?? " ", parts[..first]), .. parts[first..]]);
    }

    private static string Separator(JinjaArguments a) =>
        Text(a.Positional.IsEmpty ? new JinjaArguments([a.Get(0, "sep")], []) : a, 0) is { Length: > 0 } separator
            ? separator
            : throw new JinjaException("a text cannot be split at nothing");

    private static JinjaList List(IEnumerable<string> parts) => new([.. parts]);

    /// <summary>Python's lines end with more than line feeds.</summary>
    private static readonly System.Buffers.SearchValues<char> LineEnds = System.Buffers.SearchValues.Create(
        "\n\r\v\f\u001C\u001D\u001E\u0085\u2028\u2029"
    );

    private static List<string> Lines(string text, bool keepsEnds)
    {
        var (lines, start) = (new List<string>(), 0);
        while (start < text.Length)
        {
            var end = text.AsSpan(start).IndexOfAny(LineEnds) is >= 0 and var at ? start + at : text.Length;
            var next = Math.Min(text.Length, end + (text.AsSpan(end).StartsWith("\r\n") ? 2 : 1));
            lines.Add(text[start..(keepsEnds ? next : end)]);
            start = next;
        }

        return lines;
    }

    private static JinjaList Partition(string text, string separator, int at, bool tail) =>
        at < 0
            ? new JinjaList(tail ? ["", "", text] : [text, "", ""], IsTuple: true)
            : new JinjaList([text[..at], separator, text[(at + separator.Length)..]], IsTuple: true);

    /// <summary>What lies between the second and the third argument, which Python counts in characters.</summary>
    private static string Within(string text, JinjaArguments a, out long start)
    {
        start = 0;
        if (a.Positional.Length < 2)
        {
            return text;
        }
        var characters = JinjaValues.Items(text);
        long At(int place, long otherwise) =>
            (a.Positional.Length > place ? a.Positional[place] : null) switch
            {
                null => otherwise,
                long at => Math.Clamp(at < 0 ? at + characters.Length : at, 0, characters.Length),
                var other => throw new JinjaException($"a place in a text was expected, found {JinjaValues.TypeOf(other)}"),
            };
        start = At(1, 0);
        return string.Concat(characters.Skip((int)start).Take((int)(At(2, characters.Length) - start)).Select(c => (string)c!));
    }

    /// <summary>Python counts characters, .NET halves of them.</summary>
    private static long Place(string text, JinjaArguments a, Func<string, string, int> find)
    {
        var part = Within(text, a, out var start);
        return find(part, Text(a, 0)) is >= 0 and var at ? start + Core.Conversations.CodePoints.OfUnits(part, at) : -1L;
    }

    private static long Count(string text, string part) =>
        part.Length > 0
            ? (text.Length - text.Replace(part, "", StringComparison.Ordinal).Length) / part.Length
            : Core.Conversations.CodePoints.Count(text) + 1L;

    /// <param name="side">Where the text stands: 0 left, 1 right, 2 in the middle.</param>
    private static string Justified(string text, JinjaArguments a, int side, JinjaBudget budget)
    {
        var (width, fill) = (a.Required(0, "width") as long? ?? 0, a.Get(1, "fillchar", " ") as string ?? "");
        var missing = Math.Max(0, width - Core.Conversations.CodePoints.Count(text));
        budget.Make(text.Length + missing * 2);
        if (Core.Conversations.CodePoints.Count(fill) != 1)
        {
            throw new JinjaException("a text is filled with one character");
        }
        var left = side switch
        {
            0 => 0,
            1 => missing,
            _ => missing / 2 + (missing & width & 1),
        };
        string Fill(long count) => string.Concat(Enumerable.Repeat(fill, (int)count));
        return Fill(left) + text + Fill(missing - left);
    }

    private static string Padded(string text, JinjaArguments a, JinjaBudget budget)
    {
        var width = Count(a, 0, "width");
        budget.Make(Math.Max(0, width));
        var sign = text.StartsWith('-') || text.StartsWith('+') ? 1 : 0;
        return text[..sign] + text[sign..].PadLeft((int)Math.Max(0, width - sign), '0');
    }
}
