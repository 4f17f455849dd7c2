using System.Globalization;
using System.IO.Compression;
using Attune.Core;
using ZstdSharp;

namespace Attune.Data.Sources;

/// <summary>How large a data file is unpacked, found without unpacking it into memory.</summary>
public static class DataSize
{
    /// <summary>Reads a file through, as far as is allowed.</summary>
    /// <exception cref="DataException">It is larger unpacked, or not a whole packed file.</exception>
    public static void RequireAtMost(string path, long most)
    {
        try
        {
            using var stored = File.OpenRead(path);
            using var content = Unpacked(path, stored);
            var buffer = new byte[1 << 16];
            var size = 0L;
            for (var read = content.Read(buffer); read > 0; read = content.Read(buffer))
            {
                size += read;
                if (size > most)
                {
                    var how = content == stored ? "" : " unpacked";
                    throw new DataException(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{path}: holds more than {most >> 20} MiB{how}; expected at most that. Divide it."
                        )
                    );
                }
            }
        }
        catch (Exception problem) when (problem is InvalidDataException or ZstdException or EndOfStreamException)
        {
            throw new DataException($"{path}: not a whole packed file; it may be cut short, damaged, or not packed at all.");
        }
    }

    private static Stream Unpacked(string path, FileStream stored)
    {
        Span<byte> first = stackalloc byte[4];
        var read = stored.ReadAtLeast(first, 4, throwOnEndOfStream: false);
        stored.Position = 0;
        var start = first[..read];
        return path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) || start.StartsWith<byte>([0x1f, 0x8b])
                ? new GZipStream(stored, CompressionMode.Decompress, leaveOpen: true)
            : path.EndsWith(".zst", StringComparison.OrdinalIgnoreCase) || start.StartsWith<byte>([0x28, 0xb5, 0x2f, 0xfd])
                ? new DecompressionStream(stored, leaveOpen: true)
            : stored;
    }
}
