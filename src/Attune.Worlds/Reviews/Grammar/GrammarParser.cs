using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Attune.Worlds.Reviews.Grammar;

/// <summary>
/// Reads the tables of assets/reviews/grammar. A table starts with <c>== name</c>; a line starts with a guard in square
/// brackets, or with blanks to continue under the guard above; alternatives are separated by <c>|</c>. After the name may
/// stand "(no judgement)": the guard is no verdict on the words; or "(may repeat)": once in a review is not enough.
/// </summary>
internal static partial class GrammarParser
{
    private const string Neutral = "(no judgement)";
    private const string Repeating = "(may repeat)";

    /// <summary>Tables a judgement may contain: they hold pronouns only.</summary>
    private static readonly ImmutableDictionary<string, ImmutableArray<string>> Pronouns = new Dictionary<string, ImmutableArray<string>>
    {
        ["it"] = ["it", "they"],
        ["its"] = ["its", "their"],
        ["it-object"] = ["it", "them"],
    }.ToImmutableDictionary();

    public static IEnumerable<Production> Parse(string file, string text)
    {
        var header = "";
        var guard = default(Guard);
        foreach (var (number, line) in text.Split('\n').Index())
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }
            if (line.StartsWith("== ", StringComparison.Ordinal))
            {
                header = line[3..];
                continue;
            }

            var close = line[0] == '[' ? line.IndexOf(']', StringComparison.Ordinal) : -1;
            guard = close > 0 ? Read(file, number, () => Guard.Parse(line[1..close])) : guard;
            foreach (var alternative in Alternatives(line[(close + 1)..]))
            {
                yield return Read(file, number, () => ParseProduction(header, guard, alternative));
            }
        }
    }

    private static T Read<T>(string file, int line, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (FormatException wrong)
        {
            throw new FormatException($"{file}.txt, line {line + 1}: {wrong.Message}", wrong);
        }
    }

    private static IEnumerable<string> Alternatives(string line)
    {
        var (start, depth) = (0, 0);
        for (var i = 0; i < line.Length; i++)
        {
            depth += line[i] switch
            {
                '<' => 1,
                '>' => -1,
                _ => 0,
            };
            if (line[i] == '|' && depth == 0)
            {
                yield return line[start..i].Trim();
                start = i + 1;
            }
        }

        yield return line[start..].Trim();
    }

    private static Production ParseProduction(string header, Guard guard, string text)
    {
        var parts = ImmutableArray.CreateBuilder<Part>();
        var marks = new List<int>();
        foreach (Match match in Piece().Matches(text))
        {
            if (match.Value == "*")
            {
                marks.Add(parts.Count);
            }
            else
            {
                parts.Add(ParsePart(match.Value));
            }
        }

        if (marks.Count % 2 != 0)
        {
            throw new FormatException($"'{text}' has an odd number of *.");
        }
        var judges = guard.Judgement is not null && !header.EndsWith(Neutral, StringComparison.Ordinal);
        var judgements = judges ? Judgements(parts.ToImmutable(), marks, guard) : [];
        var repeats = header.EndsWith(Repeating, StringComparison.Ordinal) || parts.Count == 0;
        return new Production(header.Split(' ')[0], guard, parts.ToImmutable(), [.. judgements], repeats ? Reuse.Free : Reuse.OnceAReview);
    }

    private static Part ParsePart(string piece) =>
        piece switch
        {
            "{a}" => new Part.Article("a"),
            "{A}" => new Part.Article("A"),
            ['{', '!', .. var name, '}'] => new Part.Reference(name, Shift.Opposite),
            ['{', .. var name, '}'] when name.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot => new Part.Reference(
                name[(dot + 1)..],
                Enum.TryParse<Shift>(name[..dot], ignoreCase: true, out var shift)
                    ? shift
                    : throw new FormatException($"'{name}' does not start with other, against, good or bad.")
            ),
            ['{', .. var name, '}'] => new Part.Reference(name, Shift.None),
            ['<', .. var forms, '>'] => forms.Split('|') is [var one, var many]
                ? new Part.Agreement([.. one.Split(' ')], [.. many.Split(' ')])
                : throw new FormatException($"'<{forms}>' does not have two forms."),
            _ => new Part.Word(piece),
        };

    private static IEnumerable<ImmutableArray<string>> Judgements(ImmutableArray<Part> parts, List<int> marks, Guard guard)
    {
        var whole = parts.All(part => part is not Part.Article && (part is not Part.Reference r || Pronouns.ContainsKey(r.Table)));
        if (marks.Count == 0 && guard.Judgement != 0 && whole)
        {
            marks = [0, parts.Length];
        }
        return marks.Chunk(2).SelectMany(mark => Expand(parts[mark[0]..mark[1]]));
    }

    /// <summary>All word sequences of a marked stretch: agreement and pronouns each have two forms.</summary>
    private static IEnumerable<ImmutableArray<string>> Expand(ImmutableArray<Part> stretch)
    {
        IEnumerable<ImmutableArray<string>> forms =
        [
            [],
        ];
        foreach (var part in stretch)
        {
            ImmutableArray<ImmutableArray<string>> next = part switch
            {
                Part.Word word =>
                [
                    [word.Text],
                ],
                Part.Agreement agreement => [agreement.One, agreement.Many],
                Part.Reference reference when Pronouns.TryGetValue(reference.Table, out var pronouns) =>
                [
                    .. pronouns.Select(p => ImmutableArray.Create(p)),
                ],
                _ => throw new FormatException("between * and * only words, <..|..> and pronouns can stand."),
            };
            forms = [.. forms.SelectMany(_ => next, (head, tail) => head.AddRange(tail))];
        }

        return forms.Select(words => Trim(words)).Where(words => words.Length > 0).Distinct();
    }

    private static ImmutableArray<string> Trim(ImmutableArray<string> words)
    {
        var lower = words.Select(word => word.ToLowerInvariant()).ToList();
        while (lower.Count > 0 && !char.IsLetter(lower[^1][0]))
        {
            lower.RemoveAt(lower.Count - 1);
        }
        return [.. lower];
    }

    [GeneratedRegex(@"\{[^}]+\}|<[^>]+>|[\p{L}'-]+|[*,.;:!?()~]", RegexOptions.CultureInvariant)]
    private static partial Regex Piece();
}
