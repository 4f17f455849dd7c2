using System.Buffers;

namespace Attune.Web.Rendering;

/// <summary>
/// Whether a text is built to keep a parser busy. The time for brackets and for nested quotes and lists grows with the square of their
/// number in one paragraph, so they are counted before anything is parsed.
/// </summary>
internal static class MarkupLoad
{
    private const int MostBrackets = 1500;
    private const int MostDelimiters = 6000;
    private const int MostMarkers = 48;
    private const int MostCells = 20_000;
    private static readonly SearchValues<char> Marks = SearchValues.Create("> \t-+*.)0123456789");

    public static bool IsTooHeavy(string text)
    {
        var (brackets, delimiters, cells) = (0, 0, 0);
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.IsWhiteSpace())
            {
                (brackets, delimiters) = (0, 0);
                continue;
            }
            brackets += line.CountAny('[', ']');
            delimiters += line.CountAny('*', '_', '~');
            cells += line.Count('|');
            if (brackets > MostBrackets || delimiters > MostDelimiters || cells > MostCells || Markers(line) > MostMarkers)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Marks of quotes and lists at the start of a line, each of which opens a block in the one before.</summary>
    private static int Markers(ReadOnlySpan<char> line)
    {
        var length = line.IndexOfAnyExcept(Marks);
        var start = length < 0 ? line : line[..length];
        return start.Count('>') + start.Count("- ") + start.Count("+ ") + start.Count("* ") + start.Count(". ") + start.Count(") ");
    }
}
