using System.Text.Json;
using Apache.Arrow;
using Apache.Arrow.Compression;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using Attune.Core;

namespace Attune.Data.Sources;

/// <summary>Arrow's files and streams: what datasets keeps on disk (save_to_disk, its cache), and Feather.</summary>
internal static class ArrowRows
{
    public static List<JsonRow> Read(byte[] content, RowOrigin origin, RowProblems problems, List<string> notes)
    {
        try
        {
            using var stream = new MemoryStream(content, writable: false);
            var codecs = new CompressionCodecFactory();
            using var reader = content.AsSpan().StartsWith("ARROW1"u8)
                ? new ArrowFileReader(stream, codecs)
                : new ArrowStreamReader(stream, codecs);
            return Rows(() => Checked(reader.ReadNextRecordBatch()), origin, problems, notes);
        }
        // The reader checks little: damage shows as whatever it runs into.
        catch (Exception problem) when (problem is not DataException)
        {
            throw new DataException($"{origin.Path}: not a whole Arrow file; it may be cut short or damaged: {problem.Message}");
        }
    }

    private static RecordBatch? Checked(RecordBatch? batch)
    {
        foreach (var column in batch?.Arrays ?? [])
        {
            ArrowCheck.Validate(column.Data);
        }

        return batch;
    }

    /// <summary>The rows of record batches, until there is none.</summary>
    public static List<JsonRow> Rows(Func<RecordBatch?> next, RowOrigin origin, RowProblems problems, List<string> notes)
    {
        List<JsonRow> rows = [];
        using var buffer = new RowBuffer();
        while (true)
        {
            using var batch = next();
            if (batch is null)
            {
                break;
            }

            Note(batch.Schema, notes);
            if (rows.Count == 0 && batch.Schema.HasMetadata)
            {
                origin = origin with { Classes = ClassNames.Of(batch.Schema.Metadata) };
            }

            var columns = batch.Schema.FieldsList.Select((f, i) => (f.Name, Values: batch.Column(i))).Where(c => !IndexColumn.Is(c.Name));
            var read = columns.ToArray();
            for (var i = 0; i < batch.Length; i++)
            {
                var at = i;
                rows.Add(new JsonRow(rows.Count + 1, buffer.Make(json => Write(json, read, at)), origin));
            }
        }

        if (rows.Count == 0)
        {
            problems.Add(origin, 1, null, "the table is empty; expected at least one row.");
        }

        return rows;
    }

    private static void Write(Utf8JsonWriter json, (string Name, IArrowArray Values)[] columns, int row)
    {
        json.WriteStartObject();
        foreach (var (name, values) in columns)
        {
            json.WritePropertyName(name);
            ArrowValue.Write(json, values, row);
        }

        json.WriteEndObject();
    }

    private static void Note(Schema schema, List<string> notes)
    {
        foreach (var field in schema.FieldsList)
        {
            if (IndexColumn.Is(field.Name))
            {
                notes.Add(IndexColumn.Note);
            }
            else if (HoldsBytes(field.DataType))
            {
                notes.Add($"column \"{field.Name}\" holds bytes, such as pictures or sound, which are not read");
            }
        }
    }

    private static bool HoldsBytes(IArrowType type) =>
        type is BinaryType or LargeBinaryType or BinaryViewType or FixedSizeBinaryType and not (Decimal128Type or Decimal256Type)
        || (type is NestedType nested && nested.Fields.Any(f => HoldsBytes(f.DataType)));
}
