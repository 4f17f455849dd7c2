using System.Globalization;
using Attune.Core.Conversations;

namespace Attune.Feedback.Formats;

/// <summary>Positions in a text, in what tools count, as code points and back.</summary>
internal static class TextOffsets
{
    /// <summary>Null where the text is shorter, or the position lies within a character.</summary>
    public static int? ToCodePoints(string text, int position, OffsetUnit unit)
    {
        if (position < 0)
        {
            return null;
        }
        switch (unit)
        {
            case OffsetUnit.Utf16:
                return position > text.Length || (position < text.Length && char.IsLowSurrogate(text[position]))
                    ? null
                    : CodePoints.OfUnits(text, position);
            case OffsetUnit.Graphemes:
                var starts = StringInfo.ParseCombiningCharacters(text);
                return position > starts.Length
                    ? null
                    : CodePoints.OfUnits(text, position == starts.Length ? text.Length : starts[position]);
            default:
                return position > CodePoints.Count(text) ? null : position;
        }
    }

    public static int FromCodePoints(string text, int position, OffsetUnit unit)
    {
        var units = CodePoints.ToUnits(text, position);
        return unit switch
        {
            OffsetUnit.Utf16 => units,
            OffsetUnit.Graphemes => StringInfo.ParseCombiningCharacters(text).Count(start => start < units),
            _ => position,
        };
    }

    /// <summary>A part of the text.</summary>
    /// <exception cref="RowException">It does not lie within the text.</exception>
    public static (int Start, int End) Part(string text, int start, int end, OffsetUnit unit, string field)
    {
        var (from, to) = (ToCodePoints(text, start, unit), ToCodePoints(text, end, unit));
        return from is { } first && to is { } last && first < last
            ? (first, last)
            : throw new RowException(
                field,
                $"reaches from {start} to {end}; expected a part of its text, counted in {Name(unit)}. If its tool counted otherwise, "
                    + "choose another unit of offsets"
            );
    }

    public static string Name(OffsetUnit unit) =>
        unit switch
        {
            OffsetUnit.Utf16 => "UTF-16 units",
            OffsetUnit.Graphemes => "grapheme clusters",
            _ => "code points",
        };
}
