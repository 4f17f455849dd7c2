using System.Text.RegularExpressions;

namespace Attune.Data.Sources;

/// <summary>The first line of a table of texts, and what separates its cells.</summary>
internal static partial class CsvHeader
{
    private const int Looked = 50;

    // Where several fit, the first.
    private static readonly char[] Separators = [',', ';', '\t', '|'];

    /// <summary>Whether a line may be a header: at least two names.</summary>
    public static bool Looks(string line) =>
        Separators.Any(s => line.Split(s) is { Length: > 1 } cells && cells.All(c => Name().IsMatch(c.Trim('"'))));

    /// <summary>The separator by which the first records have as many cells as the header, and most cells; else a comma.</summary>
    public static char SeparatorOf(string text)
    {
        var best = (Separator: ',', Cells: 1);
        foreach (var separator in Separators)
        {
            using var records = new CsvRecords(text, separator);
            var lengths = records.Read().Take(Looked).Select(r => r.Cells.Length).ToArray();
            if (lengths.Length > 0 && lengths.All(l => l == lengths[0]) && lengths[0] > best.Cells)
            {
                best = (separator, lengths[0]);
            }
        }

        return best.Separator;
    }

    [GeneratedRegex(@"^[A-Za-z_][\w.\-]*$")]
    private static partial Regex Name();
}
