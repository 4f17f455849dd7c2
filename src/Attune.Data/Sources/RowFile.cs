using System.IO.Compression;
using Attune.Core.Files;

namespace Attune.Data.Sources;

/// <summary>Writes rows of JSON.</summary>
public static class RowFile
{
    /// <summary>
    /// JSON lines, or one array where the name ends in .json; packed where it ends in .gz. The file is written whole or not at all.
    /// </summary>
    public static void Write(string path, IReadOnlyList<byte[]> rows)
    {
        var array = DataBytes.HasExtension(path, ".json");
        AtomicFile.Write(
            path,
            file =>
            {
                using var target = DataBytes.IsPacked(path) ? new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true) : null;
                Stream stream = target is null ? file : target;
                stream.Write(array ? "[\n"u8 : ""u8);
                for (var i = 0; i < rows.Count; i++)
                {
                    stream.Write(rows[i]);
                    stream.Write(array && i < rows.Count - 1 ? ",\n"u8 : "\n"u8);
                }

                stream.Write(array ? "]\n"u8 : ""u8);
            }
        );
    }
}
