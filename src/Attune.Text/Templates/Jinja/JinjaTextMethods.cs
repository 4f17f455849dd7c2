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
            "upper" => _ => text.ToUpperInvariant(),
            "lower" => _ => text.ToLowerInvariant(),
            "capitalize" => _ => Capitalized(text),
            "title" => _ => Title(text),
            "removeprefix" => a => Text(a, 0) is var p && text.StartsWith(p, StringComparison.Ordinal) ? text[p.Length..] : text,
            "removesuffix" => a =>
                Text(a, 0) is var p && p.Length > 0 && text.EndsWith(p, StringComparison.Ordinal) ? text[..^p.Length] : text,
            "replace" => a => Replaced(text, Text(a, 0), Text(a, 1), Count(a, 2, "count"), budget),
            "split" => a => Split(text, a, budget),
            "rsplit" => a => SplitRight(text, a),
            "splitlines" => _ => new JinjaList([.. Lines(text)]),
            "partition" => a => Partition(text, Text(a, 0), text.IndexOf(Text(a, 0), StringComparison.Ordinal), tail: false),
            "rpartition" => a => Partition(text, Text(a, 0), text.LastIndexOf(Text(a, 0), StringComparison.Ordinal), tail: true),
            "join" => a => Joined(text, a.Required(0, "iterable"), budget),
            "zfill" => a => Padded(text, a, budget),
            "format" => a => budget.Made(Formatted(text, a)),
            _ => null,
        };

    /// <summary>Methods that search a text or ask what it is.</summary>
    private static Func<JinjaArguments, object?>? Question(string text, string name) =>
        name switch
        {
            "startswith" => a => Any(a, p => text.StartsWith(p, StringComparison.Ordinal)),
            "endswith" => a => Any(a, p => text.EndsWith(p, StringComparison.Ordinal)),
            "find" => a => Place(text, text.IndexOf(Text(a, 0), StringComparison.Ordinal)),
            "rfind" => a => Place(text, text.LastIndexOf(Text(a, 0), StringComparison.Ordinal)),
            "index" => a =>
                text.IndexOf(Text(a, 0), StringComparison.Ordinal) is >= 0 and var at
                    ? Place(text, at)
                    : throw new JinjaException("the part is not in the text"),
            "count" => a =>
                Text(a, 0) is { Length: > 0 } p
                    ? (long)((text.Length - text.Replace(p, "", StringComparison.Ordinal).Length) / p.Length)
                    : text.Length + 1L,
            "isdigit" or "isnumeric" or "isdecimal" => _ => text.Length > 0 && text.All(char.IsDigit),
            "isalpha" => _ => text.Length > 0 && text.All(char.IsLetter),
            "isalnum" => _ => text.Length > 0 && text.All(char.IsLetterOrDigit),
            "isspace" => _ => text.Length > 0 && text.All(char.IsWhiteSpace),
            "isupper" => _ => text.Any(char.IsUpper) && !text.Any(char.IsLower),
            "islower" => _ => text.Any(char.IsLower) && !text.Any(char.IsUpper),
            _ => null,
        };

    internal static string Capitalized(string text) =>
        text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    internal static string Title(string text) =>
        string.Concat(text.Select((c, i) => i > 0 && char.IsLetter(text[i - 1]) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c)));

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
        char[]? characters = a.Get(0, "chars") is string given ? given.ToCharArray() : null;
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
                return List(text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            }
            var parts = new List<string>();
            var rest = text.TrimStart();
            while (rest.Length > 0 && parts.Count < most)
            {
                var end = Array.FindIndex(rest.ToCharArray(), char.IsWhiteSpace);
                parts.Add(end < 0 ? rest : rest[..end]);
                rest = end < 0 ? "" : rest[end..].TrimStart();
            }

            return List(rest.Length > 0 ? [.. parts, rest.TrimEnd()] : parts);
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

    private static string[] Lines(string text)
    {
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        return lines[^1].Length == 0 ? lines[..^1] : lines;
    }

    private static JinjaList Partition(string text, string separator, int at, bool tail) =>
        at < 0
            ? new JinjaList(tail ? ["", "", text] : [text, "", ""], IsTuple: true)
            : new JinjaList([text[..at], separator, text[(at + separator.Length)..]], IsTuple: true);

    /// <summary>Python counts characters, .NET halves of them.</summary>
    private static long Place(string text, int at) => at < 0 ? -1L : (long)Core.Conversations.CodePoints.OfUnits(text, at);

    private static string Padded(string text, JinjaArguments a, JinjaBudget budget)
    {
        var width = Count(a, 0, "width");
        budget.Make(Math.Max(0, width));
        var sign = text.StartsWith('-') || text.StartsWith('+') ? 1 : 0;
        return text[..sign] + text[sign..].PadLeft((int)Math.Max(0, width - sign), '0');
    }

    /// <summary><c>{}</c>, <c>{0}</c> and <c>{name}</c>, without formats.</summary>
    private static string Formatted(string text, JinjaArguments a)
    {
        var result = new System.Text.StringBuilder();
        var next = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '{' or '}' && i + 1 < text.Length && text[i + 1] == text[i])
            {
                result.Append(text[i++]);
                continue;
            }

            if (text[i] != '{')
            {
                result.Append(text[i]);
                continue;
            }

            var end = text.IndexOf('}', i);
            var name = end < 0 ? throw new JinjaException("a '{' of format() has no '}'") : text[(i + 1)..end];
            var place =
                name.Length == 0 ? next++
                : int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
                : -1;
            result.Append(JinjaValues.Text(a.Required(place, name)));
            i = end;
        }

        return result.ToString();
    }
}
