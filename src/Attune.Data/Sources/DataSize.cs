using System.Globalization;
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
            Span<byte> start = stackalloc byte[4];
            start = start[..stored.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
            stored.Position = 0;
            using var unpacking = DataBytes.Unpacking(path, start, stored);
            var content = unpacking ?? stored;
            var buffer = new byte[1 << 16];
            var size = 0L;
            for (var read = content.Read(buffer); read > 0; read = content.Read(buffer))
            {
                size += read;
                if (size > most)
                {
                    var how = unpacking is null ? "" : " unpacked";
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
}
