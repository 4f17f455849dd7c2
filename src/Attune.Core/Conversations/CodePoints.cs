namespace Attune.Core.Conversations;

/// <summary>
/// Positions in stored text count Unicode code points, as Python does; .NET and JavaScript count UTF-16 units. An emoji is one code
/// point and two units, so positions are converted where texts enter and leave the program.
/// </summary>
public static class CodePoints
{
    public static int Count(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes())
        {
            count++;
        }

        return count;
    }

    /// <summary>
    /// The UTF-16 index at which the code point <paramref name="position"/> begins; the length of the text for the position after its last.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The text has fewer code points.</exception>
    public static int ToUnits(string text, int position)
    {
        var (units, seen) = (0, 0);
        foreach (var rune in text.AsSpan().EnumerateRunes())
        {
            if (seen++ == position)
            {
                return units;
            }
            units += rune.Utf16SequenceLength;
        }

        return position == seen
            ? units
            : throw new ArgumentOutOfRangeException(nameof(position), position, $"the text has {seen} code points");
    }

    /// <summary>How many code points lie before the UTF-16 index <paramref name="index"/>.</summary>
    public static int OfUnits(string text, int index) => Count(text.AsSpan(0, index));

    /// <summary>The code points from <paramref name="start"/> to, and without, <paramref name="end"/>.</summary>
    public static string Slice(string text, int start, int end)
    {
        var from = ToUnits(text, start);
        return text[from..ToUnits(text, end)];
    }
}
