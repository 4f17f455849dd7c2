using Attune.Core;
using ParquetSharp.Arrow;

namespace Attune.Data.Sources;

/// <summary>Parquet files, as data sets are published: nested columns, several row groups, any of the format's codecs.</summary>
internal static class ParquetRows
{
    public static List<JsonRow> Read(byte[] content, RowOrigin origin, RowProblems problems, List<string> notes)
    {
        try
        {
            using var stream = new MemoryStream(content, writable: false);
            using var reader = new FileReader(stream, null, null, leaveOpen: true);
            using var batches = reader.GetRecordBatchReader();
            // Nothing is awaited: the library reads while it is called.
            return ArrowRows.Rows(() => batches.ReadNextRecordBatchAsync().AsTask().GetAwaiter().GetResult(), origin, problems, notes);
        }
        // What the library found wrong in a column comes as a plain Exception.
        catch (Exception problem) when (problem is not DataException)
        {
            throw new DataException($"{origin.Path}: not a whole Parquet file; it may be cut short or damaged ({Said(problem)}).");
        }
    }

    /// <summary>The message alone, without the types of the library.</summary>
    private static string Said(Exception problem)
    {
        var text = problem.Message.ReplaceLineEndings(" ");
        var start = text.IndexOf("(message: '", StringComparison.Ordinal);
        return (start < 0 ? text : text[(start + 11)..].TrimEnd(')', '\'')).Trim().TrimEnd('.');
    }
}
