using System.Collections.Frozen;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Attune.Text.Unicode;

/// <summary>
/// Unicode's four normal forms (UAX 15). .NET leaves text as it is where it runs without ICU, as this program does, so the tables are
/// brought along: vocabularies were trained on normalised text, and other bytes would give other tokens.
/// </summary>
internal static class Normalization
{
    // Hangul syllables are composed by arithmetic (Unicode 3.12).
    private const int SyllableBase = 0xAC00,
        LeadBase = 0x1100,
        VowelBase = 0x1161,
        TailBase = 0x11A7;
    private const int LeadCount = 19,
        VowelCount = 21,
        TailCount = 28;
    private const int SyllableCount = LeadCount * VowelCount * TailCount;

    private static readonly Lazy<Tables> Known = new(ReadTables);

    /// <param name="form">Any of the four.</param>
    public static string Apply(string text, NormalizationForm form) => Apply((AlignedText)text, form).Text;

    /// <param name="form">Any of the four.</param>
    public static AlignedText Apply(AlignedText text, NormalizationForm form)
    {
        if (Ascii.IsValid(text.Text))
        {
            return text;
        }
        var tables = Known.Value;
        var points = new List<Point>(text.Text.Length + 8);
        var at = 0;
        foreach (var rune in text.Text.EnumerateRunes())
        {
            var end = at + rune.Utf16SequenceLength;
            Decompose(tables, rune.Value, form is NormalizationForm.FormKC or NormalizationForm.FormKD, points, (at, end));
            at = end;
        }

        Order(tables, points);
        if (form is NormalizationForm.FormC or NormalizationForm.FormKC)
        {
            Compose(tables, points);
        }
        var result = new AlignedTextBuilder(text);
        Span<char> units = stackalloc char[2];
        foreach (var (value, start, end) in points)
        {
            result.Append(units[..new Rune(value).EncodeToUtf16(units)], start, end);
        }

        return result.ToText();
    }

    /// <param name="Value">The code point.</param>
    /// <param name="Start">The first unit of the text that it was made of.</param>
    /// <param name="End">One past the last.</param>
    private readonly record struct Point(int Value, int Start, int End);

    private static void Decompose(Tables tables, int point, bool compatible, List<Point> into, (int Start, int End) source)
    {
        void Add(int value) => into.Add(new Point(value, source.Start, source.End));
        var syllable = point - SyllableBase;
        if (syllable is >= 0 and < SyllableCount)
        {
            Add(LeadBase + syllable / (VowelCount * TailCount));
            Add(VowelBase + syllable % (VowelCount * TailCount) / TailCount);
            if (syllable % TailCount != 0)
            {
                Add(TailBase + syllable % TailCount);
            }
        }
        else if (tables.Canonical.TryGetValue(point, out var parts) || (compatible && tables.Compatible.TryGetValue(point, out parts)))
        {
            foreach (var part in parts)
            {
                Decompose(tables, part, compatible, into, source);
            }
        }
        else
        {
            Add(point);
        }
    }

    /// <summary>Marks in the order of their classes; marks of one class keep their order.</summary>
    private static void Order(Tables tables, List<Point> points)
    {
        var start = 0;
        while (start < points.Count)
        {
            var end = start;
            while (end < points.Count && tables.Class(points[end].Value) != 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                var sorted = points.GetRange(start, end - start).OrderBy(p => tables.Class(p.Value)).ToList();
                for (var i = 0; i < sorted.Count; i++)
                {
                    points[start + i] = sorted[i];
                }
            }

            start = end + 1;
        }
    }

    private static void Compose(Tables tables, List<Point> points)
    {
        var (written, starter, last) = (0, -1, -1);
        foreach (var point in CollectionsMarshal.AsSpan(points))
        {
            var rank = tables.Class(point.Value);
            // A mark is blocked by one of its own class, or of a higher one, between it and the starter.
            if (starter >= 0 && last < rank && Pair(tables, points[starter].Value, point.Value) is { } composed)
            {
                var whole = points[starter];
                points[starter] = new Point(composed, Math.Min(whole.Start, point.Start), Math.Max(whole.End, point.End));
                continue;
            }

            if (rank == 0)
            {
                (starter, last) = (written, -1);
            }
            else
            {
                last = rank;
            }
            points[written++] = point;
        }

        points.RemoveRange(written, points.Count - written);
    }

    private static int? Pair(Tables tables, int first, int second)
    {
        var (lead, vowel) = (first - LeadBase, second - VowelBase);
        if (lead is >= 0 and < LeadCount && vowel is >= 0 and < VowelCount)
        {
            return SyllableBase + (lead * VowelCount + vowel) * TailCount;
        }
        var (syllable, tail) = (first - SyllableBase, second - TailBase);
        if (syllable is >= 0 and < SyllableCount && syllable % TailCount == 0 && tail is > 0 and < TailCount)
        {
            return first + tail;
        }
        return tables.Composites.TryGetValue((first, second), out var composed) ? composed : null;
    }

    private sealed record Tables(
        FrozenDictionary<int, int[]> Canonical,
        FrozenDictionary<int, int[]> Compatible,
        FrozenDictionary<(int, int), int> Composites,
        FrozenDictionary<int, byte> Classes
    )
    {
        public int Class(int point) => Classes.GetValueOrDefault(point);
    }

    private static Tables ReadTables()
    {
        var canonical = new Dictionary<int, int[]>();
        var compatible = new Dictionary<int, int[]>();
        var composites = new Dictionary<(int, int), int>();
        var classes = new Dictionary<int, byte>();
        using var reader = new StreamReader(typeof(Normalization).Assembly.GetManifestResourceStream("normalization.txt")!);
        while (reader.ReadLine() is { } line)
        {
            if (line[0] == '#')
            {
                continue;
            }
            var fields = line.Split(' ');
            if (fields[0] == "n")
            {
                for (var point = Hex(fields[1]); point <= Hex(fields[2]); point++)
                {
                    classes[point] = byte.Parse(fields[3], CultureInfo.InvariantCulture);
                }

                continue;
            }

            int[] parts = [.. fields[2..].Select(Hex)];
            (fields[0] == "k" ? compatible : canonical)[Hex(fields[1])] = parts;
            if (fields[0] == "c")
            {
                composites[(parts[0], parts[1])] = Hex(fields[1]);
            }
        }

        return new Tables(
            canonical.ToFrozenDictionary(),
            compatible.ToFrozenDictionary(),
            composites.ToFrozenDictionary(),
            classes.ToFrozenDictionary()
        );
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
