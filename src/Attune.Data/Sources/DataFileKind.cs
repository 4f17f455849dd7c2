using Attune.Core;

namespace Attune.Data.Sources;

/// <summary>What a data file is written in.</summary>
internal enum DataFileKind
{
    Json,
    PlainText,
    Csv,
    Tsv,
    Parquet,
    Arrow,
}

/// <summary>Tells what a file is written in: tables by their first bytes, texts by the name.</summary>
internal static class DataFileKinds
{
    private static readonly Dictionary<string, DataFileKind> Extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        [".jsonl"] = DataFileKind.Json,
        [".ndjson"] = DataFileKind.Json,
        [".json"] = DataFileKind.Json,
        [".txt"] = DataFileKind.PlainText,
        [".text"] = DataFileKind.PlainText,
        [".csv"] = DataFileKind.Csv,
        [".tsv"] = DataFileKind.Tsv,
        [".tab"] = DataFileKind.Tsv,
        [".parquet"] = DataFileKind.Parquet,
        [".arrow"] = DataFileKind.Arrow,
        [".feather"] = DataFileKind.Arrow,
    };

    /// <summary>By the name alone; null where it tells nothing.</summary>
    public static DataFileKind? OfName(string path) =>
        Extensions.TryGetValue(Path.GetExtension(DataBytes.Unpacked(path)), out var kind) ? kind : null;

    /// <exception cref="DataException">The content is not what the name says, or a pointer or page in its place.</exception>
    public static DataFileKind Of(string path, ReadOnlySpan<byte> content)
    {
        var named = OfName(path);
        if (content.StartsWith("PAR1"u8))
        {
            return DataFileKind.Parquet;
        }

        if (content.StartsWith("ARROW1"u8) || content.StartsWith<byte>([0xff, 0xff, 0xff, 0xff]))
        {
            return DataFileKind.Arrow;
        }

        Refuse(path, content, named);
        return named ?? (path == StandardInput.Name ? OfPiped(content) : DataFileKind.Json);
    }

    private static void Refuse(string path, ReadOnlySpan<byte> content, DataFileKind? named)
    {
        if (content.StartsWith("version https://git-lfs"u8))
        {
            throw new DataException($"{path}: a Git LFS pointer stands in the file's place; fetch the file itself with: git lfs pull");
        }

        if (content.StartsWith("FEA1"u8))
        {
            throw new DataException($"{path}: found Feather version 1, which is not read; write it again as Parquet, or as Arrow.");
        }

        if (content.StartsWith("PK\u0003\u0004"u8))
        {
            throw new DataException($"{path}: found a ZIP archive or an Excel workbook; unpack it, or save the sheet as CSV.");
        }

        if (named is DataFileKind.Parquet or DataFileKind.Arrow)
        {
            throw new DataException($"{path}: not a {named} file; it may be cut short, or of another kind than its name says.");
        }
    }

    /// <summary>JSON begins with a bracket; a first line with a separator is taken for the header of a table.</summary>
    private static DataFileKind OfPiped(ReadOnlySpan<byte> content)
    {
        var text = content.TrimStart(" \t\r\n"u8);
        if (text.StartsWith("{"u8) || text.StartsWith("["u8))
        {
            return DataFileKind.Json;
        }

        var end = text.IndexOf((byte)'\n');
        var header = System.Text.Encoding.UTF8.GetString(end < 0 ? text : text[..end]).Trim('\r');
        return CsvHeader.Looks(header) ? DataFileKind.Csv : DataFileKind.PlainText;
    }
}
