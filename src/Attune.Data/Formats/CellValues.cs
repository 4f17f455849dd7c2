using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Attune.Data.Formats;

/// <summary>What the cells of a table of text mean where a number, a flag or a list is expected; null where they mean none.</summary>
internal static partial class CellValues
{
    /// <summary>With a point or, as spreadsheets of many countries write it, a comma.</summary>
    public static double? Number(string cell)
    {
        var plain = DecimalComma().IsMatch(cell) ? cell.Replace(',', '.') : cell;
        return double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : null;
    }

    /// <summary>Also 3.0: a column of whole numbers with an empty cell becomes one of fractions in pandas.</summary>
    public static int? WholeNumber(string cell) =>
        Number(cell) is { } number && number == Math.Truncate(number) && Math.Abs(number) <= int.MaxValue ? (int)number : null;

    public static bool? Flag(string cell) =>
        cell.Trim().ToLowerInvariant() switch
        {
            "true" or "1" or "1.0" => true,
            "false" or "0" or "0.0" => false,
            _ => null,
        };

    /// <summary>A list that is spelt as JSON; else the value itself.</summary>
    public static JsonElement List(JsonElement cell)
    {
        if (cell.ValueKind != JsonValueKind.String || !cell.GetString()!.TrimStart().StartsWith('['))
        {
            return cell;
        }

        try
        {
            using var list = JsonDocument.Parse(cell.GetString()!);
            return list.RootElement.Clone();
        }
        catch (JsonException)
        {
            return cell;
        }
    }

    [GeneratedRegex(@"^\s*[-+]?\d+,\d+\s*$")]
    private static partial Regex DecimalComma();
}
