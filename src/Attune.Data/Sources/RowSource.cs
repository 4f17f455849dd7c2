using System.Security.Cryptography;
using Attune.Core;

namespace Attune.Data.Sources;

/// <summary>
/// Rows of data files, whatever they are written in: JSON lines, a JSON array, CSV, TSV, Parquet, Arrow, plain text; packed (.gz, .zst) or
/// not; one file, a folder, a pattern, or <c>-</c> for standard input.
/// </summary>
public static class RowSource
{
    /// <param name="problems">Takes the errors; call <see cref="RowProblems.Throw"/> before using the rows.</param>
    /// <exception cref="DataException">There is no such file, or it cannot be read at all.</exception>
    public static SourceRows Read(string path, RowProblems problems, ColumnMap? columns = null)
    {
        var files = DataFiles.Of(path);
        List<JsonRow> rows = [];
        List<string> hashes = [];
        List<string> notes = [.. files.Notes];
        foreach (var file in files.Paths)
        {
            var bytes = DataBytes.Read(file);
            hashes.Add(bytes.Sha256);
            rows.AddRange(Read(file, bytes.Content, files.Paths.Length > 1, problems, notes));
        }

        if (files.Paths.Length > 1)
        {
            notes.Insert(0, $"{files.Paths.Length} files are read");
        }

        return new SourceRows(
            columns is null || problems.Any ? rows : columns.Apply(rows, path),
            hashes.Count == 1
                ? hashes[0]
                : Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', hashes)))),
            [.. notes.Distinct()]
        );
    }

    /// <summary>Why nothing can be read from there, before anything is; null where there are files.</summary>
    public static string? ProblemWith(string path)
    {
        try
        {
            var files = DataFiles.Of(path);
            return files.Paths.FirstOrDefault(f => f != StandardInput.Name && !File.Exists(f)) is not { } absent ? null
                : absent == path ? $"{path} does not exist; expected a data file, or a folder of such files."
                : $"{path} has no {Path.GetFileName(absent)}, which it names; it may be incomplete.";
        }
        catch (DataException problem)
        {
            return problem.Message;
        }
    }

    private static List<JsonRow> Read(string file, byte[] content, bool ofMany, RowProblems problems, List<string> notes)
    {
        switch (DataFileKinds.Of(file, content))
        {
            case DataFileKind.Parquet:
                return ParquetRows.Read(content, new RowOrigin(file, "row"), problems, notes);
            case DataFileKind.Arrow:
                return ArrowRows.Read(content, new RowOrigin(file, "row"), problems, notes);
            case DataFileKind.Csv:
                return CsvRows.Read(content, new RowOrigin(file, Texts: true), null, problems, notes);
            case DataFileKind.Tsv:
                return CsvRows.Read(content, new RowOrigin(file, Texts: true), '\t', problems, notes);
            case DataFileKind.PlainText:
                var (documents, note) = PlainText.Read(content, new RowOrigin(file), ofMany, problems);
                notes.AddRange(note is null ? [] : [note]);
                return documents;
            default:
                return JsonRows.Read(content, new RowOrigin(file), problems);
        }
    }
}
