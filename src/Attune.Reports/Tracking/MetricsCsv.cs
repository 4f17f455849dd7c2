using System.Globalization;
using System.Text;
using Attune.Core.Files;
using Attune.Core.Runs;

namespace Attune.Reports.Tracking;

/// <summary>
/// All metrics of a stage as one table: a row an event, a column a metric, names in full, empty where an event has no such figure.
/// </summary>
public static class MetricsCsv
{
    public const string FileName = "metrics.csv";

    // The names that trackio's import looks for; it leaves columns of text out.
    private static readonly string[] Leading = ["step", "timestamp", "kind", "round", "items"];

    /// <summary>Writes <c>metrics.csv</c> into a folder, whole or not at all.</summary>
    /// <exception cref="Core.AttuneException">It cannot be written.</exception>
    public static void Write(string folder, IReadOnlyList<RunEvent> events) =>
        AtomicFile.WriteText(Path.Combine(folder, FileName), Render(events));

    /// <summary>UTF-8, commas, a header, lines that end in LF; numbers in full precision, NaN where a figure was not finite.</summary>
    public static string Render(IReadOnlyList<RunEvent> events)
    {
        string[] names = [.. events.SelectMany(e => e.Metrics.Keys).Distinct().Order(StringComparer.Ordinal)];
        var text = new StringBuilder();
        Append(text, [.. Leading, .. names]);
        foreach (var entry in events)
        {
            Append(
                text,
                [
                    Number(entry.Updates),
                    entry.Time?.ToString("yyyy-MM-ddTHH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture) ?? "",
                    entry.Kind,
                    Number(entry.Round),
                    Number(entry.Items),
                    .. names.Select(n =>
                        entry.Metrics.TryGetValue(n, out var value) ? value.ToString("R", CultureInfo.InvariantCulture) : ""
                    ),
                ]
            );
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, IEnumerable<string> cells) => text.AppendJoin(',', cells.Select(Cell)).Append('\n');

    private static string Cell(string cell) =>
        cell.AsSpan().IndexOfAny(',', '"', '\n') < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
