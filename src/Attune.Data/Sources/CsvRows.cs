using System.Collections.Immutable;
using System.Text.Json;

namespace Attune.Data.Sources;

/// <summary>
/// Tables of texts with a header: CSV, with the separators that spreadsheets write, and TSV. An empty cell is null. Conversations are
/// written in cells as JSON, or as Python prints them.
/// </summary>
internal static class CsvRows
{
    /// <param name="separator">Null to tell by the first records.</param>
    public static List<JsonRow> Read(byte[] content, RowOrigin origin, char? separator, RowProblems problems, List<string> notes)
    {
        if (!Utf8Text.Check(content, origin, problems, "neither UTF-8 nor UTF-16"))
        {
            return [];
        }

        var text = System.Text.Encoding.UTF8.GetString(content);
        using var records = new CsvRecords(text, separator ?? CsvHeader.SeparatorOf(text));
        using var all = records.Read().GetEnumerator();
        if (!all.MoveNext())
        {
            problems.Add(origin, 1, null, "the file is empty; expected a header and rows.");
            return [];
        }

        ImmutableArray<string> header = [.. all.Current.Cells.Select(c => c.Trim())];
        if (!CheckHeader(header, origin, problems))
        {
            return [];
        }

        notes.AddRange(header.Any(IndexColumn.Is) ? [IndexColumn.Note] : []);
        var lines = Lines(all, header.Length, origin, problems);
        if (lines.Count == 0 && !problems.Any)
        {
            problems.Add(origin, 1, null, "found a header without rows; expected at least one row.");
        }

        return Rows(header, lines, origin);
    }

    /// <summary>The records after the header that have as many cells.</summary>
    private static List<(int Line, string[] Cells)> Lines(
        IEnumerator<(int Line, string[] Cells, bool Open)> records,
        int columns,
        RowOrigin origin,
        RowProblems problems
    )
    {
        List<(int Line, string[] Cells)> lines = [];
        while (records.MoveNext())
        {
            if (Check(records.Current.Cells, records.Current.Open, columns) is { } problem)
            {
                problems.Add(origin, records.Current.Line, null, problem);
            }
            else
            {
                lines.Add((records.Current.Line, records.Current.Cells));
            }
        }

        return lines;
    }

    private static bool CheckHeader(ImmutableArray<string> header, RowOrigin origin, RowProblems problems)
    {
        string[] twice =
        [
            .. header.GroupBy(n => n, StringComparer.Ordinal).Where(g => g.Key.Length > 0 && g.Count() > 1).Select(g => g.Key),
        ];
        foreach (var name in twice)
        {
            problems.Add(origin, 1, name, "names two columns; expected each name once.");
        }

        return twice.Length == 0;
    }

    private static string? Check(string[] cells, bool open, int columns) =>
        open ? "a quoted cell does not end; expected a closing quotation mark."
        : cells.Length != columns
            ? $"found {cells.Length} cells; expected {columns}, as in the header. A cell that holds a separator or a line break is quoted."
        : null;

    private static List<JsonRow> Rows(ImmutableArray<string> header, List<(int Line, string[] Cells)> lines, RowOrigin origin)
    {
        var columns = Enumerable.Range(0, header.Length).Where(i => !IndexColumn.Is(header[i])).ToArray();
        var conversations = header.Select((_, i) => IsConversations(lines, i)).ToArray();
        using var buffer = new RowBuffer();
        return
        [
            .. lines.Select(l => new JsonRow(
                l.Line,
                buffer.Make(json =>
                {
                    json.WriteStartObject();
                    foreach (var i in columns)
                    {
                        json.WritePropertyName(header[i]);
                        WriteCell(json, l.Cells[i], conversations[i]);
                    }

                    json.WriteEndObject();
                }),
                origin
            )),
        ];
    }

    private static void WriteCell(Utf8JsonWriter json, string cell, bool conversation)
    {
        if (cell.Length == 0)
        {
            json.WriteNullValue();
        }
        else if (conversation && TextCell.TryValue(cell) is { } value)
        {
            value.WriteTo(json);
        }
        else
        {
            json.WriteStringValue(cell);
        }
    }

    /// <summary>Whether all cells of a column hold messages, as far as they are not empty.</summary>
    private static bool IsConversations(List<(int Line, string[] Cells)> lines, int column)
    {
        var any = false;
        foreach (var cell in lines.Select(l => l.Cells[column]).Where(c => c.Length > 0))
        {
            if (!TextCell.IsConversation(cell))
            {
                return false;
            }

            any = true;
        }

        return any;
    }
}
