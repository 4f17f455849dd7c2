namespace Attune.Data.Sources;

/// <summary>
/// Documents in a plain text file, as rows {text}: between lines that say &lt;|endoftext|&gt; where there are any; else, in a folder of
/// texts, the whole file; else between blank lines where there are any; else one on each line.
/// </summary>
internal static class PlainText
{
    private const string Separator = "<|endoftext|>";

    /// <param name="ofMany">Whether the file is one of several.</param>
    public static (List<JsonRow> Rows, string? Note) Read(byte[] content, RowOrigin origin, bool ofMany, RowProblems problems)
    {
        if (!Utf8Text.Check(content, origin, problems))
        {
            return ([], null);
        }

        var lines = System.Text.Encoding.UTF8.GetString(content).ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        var (documents, note) =
            lines.Any(l => l.Trim() == Separator)
                ? (Between(lines, l => l.Trim() == Separator), $"documents lie between lines that say {Separator}")
            : ofMany ? (Between(lines, _ => false), "each file is a document")
            : lines.Any(string.IsNullOrWhiteSpace) ? (Between(lines, string.IsNullOrWhiteSpace), "documents lie between blank lines")
            : (lines.Select((text, i) => (Line: i + 1, Text: text)), "each line is a document");
        using var buffer = new RowBuffer();
        List<JsonRow> rows = [];
        foreach (var (line, text) in documents.Where(d => d.Text.Length > 0))
        {
            var fields = buffer.Make(json =>
            {
                json.WriteStartObject();
                json.WriteString("text", text);
                json.WriteEndObject();
            });
            rows.Add(new JsonRow(line, fields, origin));
        }

        if (rows.Count == 0 && !ofMany)
        {
            problems.Add(origin, 1, null, "the file is empty; expected text.");
        }

        return (rows, note);
    }

    private static IEnumerable<(int Line, string Text)> Between(string[] lines, Func<string, bool> separates)
    {
        var start = 0;
        for (var i = 0; i <= lines.Length; i++)
        {
            if (i < lines.Length && !separates(lines[i]))
            {
                continue;
            }

            yield return (start + 1, string.Join('\n', lines[start..i]).Trim('\n'));
            start = i + 1;
        }
    }
}
