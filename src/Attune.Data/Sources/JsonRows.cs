using System.Text.Json;

namespace Attune.Data.Sources;

/// <summary>Reads JSON lines, or one JSON array; the first character decides.</summary>
public static class JsonRows
{
    /// <summary>All rows; what is not an object is reported and left out.</summary>
    public static List<JsonRow> Read(byte[] content, RowOrigin origin, RowProblems problems)
    {
        if (!Utf8Text.Check(content, origin, problems))
        {
            return [];
        }

        var start = content.AsSpan().IndexOfAnyExcept(" \t\r\n"u8);
        if (start < 0)
        {
            problems.Add(origin, 1, null, "the file is empty; expected one JSON object on each line, or one array of them.");
            return [];
        }

        return content[start] == '[' ? ReadArray(content, origin, problems)
            : WholeObject(content, origin) is { } only ? [only]
            : ReadLines(content, origin, problems);
    }

    /// <summary>A file that is one object over several lines; null where its first line is an object by itself, or nothing is.</summary>
    private static JsonRow? WholeObject(byte[] content, RowOrigin origin)
    {
        var reader = new Utf8JsonReader(content);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (content.AsSpan(start, (int)reader.BytesConsumed - start).IndexOf((byte)'\n') < 0 || reader.Read())
            {
                return null;
            }
            using var document = JsonDocument.Parse(content);
            return new JsonRow(1 + content.AsSpan(0, start).Count((byte)'\n'), document.RootElement.Clone(), origin);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static List<JsonRow> ReadLines(byte[] content, RowOrigin origin, RowProblems problems)
    {
        var rows = new List<JsonRow>();
        var line = 0;
        for (var start = 0; start < content.Length; line++)
        {
            var length = content.AsSpan(start).IndexOf((byte)'\n');
            var end = length < 0 ? content.Length : start + length;
            if (content.AsSpan(start, end - start).IndexOfAnyExcept(" \t\r"u8) >= 0)
            {
                ReadLine(content.AsMemory(start, end - start), new JsonRow(line + 1, default, origin), rows, problems);
            }
            start = end + 1;
        }

        return rows;
    }

    private static void ReadLine(ReadOnlyMemory<byte> text, JsonRow row, List<JsonRow> rows, RowProblems problems)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            Add(row with { Fields = document.RootElement.Clone() }, rows, problems);
        }
        catch (JsonException problem)
        {
            problems.Add(
                row,
                null,
                $"not valid JSON at character {1 + problem.BytePositionInLine ?? 1}; expected one whole JSON object on the line."
            );
        }
    }

    private static List<JsonRow> ReadArray(byte[] content, RowOrigin origin, RowProblems problems)
    {
        var rows = new List<JsonRow>();
        var reader = new Utf8JsonReader(content);
        var (line, counted, entries) = (1, 0, 0);
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var at = (int)reader.TokenStartIndex;
                line += content.AsSpan(counted, at - counted).Count((byte)'\n');
                counted = at;
                entries++;
                using var document = JsonDocument.ParseValue(ref reader);
                Add(new JsonRow(line, document.RootElement.Clone(), origin), rows, problems);
            }

            // Anything after the array is an error, which this finds.
            reader.Read();
            if (entries == 0)
            {
                problems.Add(origin, 1, null, "the array is empty; expected at least one row.");
            }
        }
        catch (JsonException problem)
        {
            problems.Add(
                origin,
                (int)(1 + problem.LineNumber ?? 1),
                null,
                $"not valid JSON at character {1 + problem.BytePositionInLine ?? 1}; expected an array of objects that ends with ']'."
            );
        }

        return rows;
    }

    private static void Add(JsonRow row, List<JsonRow> rows, RowProblems problems)
    {
        if (row.Fields.ValueKind == JsonValueKind.Object)
        {
            rows.Add(row);
        }
        else
        {
            problems.Add(row, null, $"found {ValueDescription.Of(row.Fields)}; expected an object with named fields.");
        }
    }
}
