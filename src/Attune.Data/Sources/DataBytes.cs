using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using Attune.Core;
using ZstdSharp;

namespace Attune.Data.Sources;

/// <summary>
/// The content of a data file, unpacked where it is packed by gzip or Zstandard; text without a byte order mark, and UTF-16, as Excel
/// writes it, as UTF-8. And the hash of the stored file.
/// </summary>
public sealed record DataBytes(byte[] Content, string Sha256)
{
    private static readonly string[] Packed = [".gz", ".zst"];

    /// <summary>Whether a file of this name is written packed.</summary>
    public static bool IsPacked(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the file's name, without .gz or .zst, ends in this.</summary>
    public static bool HasExtension(string path, string extension) =>
        Unpacked(path).EndsWith(extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>The file's name without .gz or .zst.</summary>
    internal static string Unpacked(string path) =>
        Packed.FirstOrDefault(p => path.EndsWith(p, StringComparison.OrdinalIgnoreCase)) is { } ending ? path[..^ending.Length] : path;

    /// <exception cref="DataException">No such file, not readable, or not a whole packed file.</exception>
    public static DataBytes Read(string path)
    {
        try
        {
            var stored = path == StandardInput.Name ? StandardInput.Content : File.ReadAllBytes(path);
            return new DataBytes(WithoutMark(Unpack(path, stored)), Convert.ToHexStringLower(SHA256.HashData(stored)));
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException($"{path}: no such file.");
        }
        catch (Exception problem) when (problem is InvalidDataException or ZstdException or EndOfStreamException)
        {
            var format = path.EndsWith(Packed[1], StringComparison.OrdinalIgnoreCase) ? "Zstandard" : "gzip";
            throw new DataException($"{path}: not a whole {format} file; it may be cut short, or not packed at all.");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {problem.Message}");
        }
    }

    /// <summary>Unpacks a file's bytes as they are read; null where it is not packed. What comes from a pipe has no name to tell.</summary>
    /// <param name="start">The first four bytes, or more.</param>
    internal static Stream? Unpacking(string path, ReadOnlySpan<byte> start, Stream stored) =>
        path.EndsWith(Packed[0], StringComparison.OrdinalIgnoreCase) || start.StartsWith<byte>([0x1f, 0x8b])
            ? new GZipStream(stored, CompressionMode.Decompress)
        : path.EndsWith(Packed[1], StringComparison.OrdinalIgnoreCase) || start.StartsWith<byte>([0x28, 0xb5, 0x2f, 0xfd])
            ? new DecompressionStream(stored, checkEndOfStream: true, leaveOpen: false)
        : null;

    private static byte[] Unpack(string path, byte[] stored)
    {
        using var source = Unpacking(path, stored, new MemoryStream(stored));
        if (source is null)
        {
            return stored;
        }

        using var content = new MemoryStream();
        source.CopyTo(content);
        var unpacked = content.ToArray();
        if (source is GZipStream)
        {
            CheckEnd(stored, unpacked);
        }

        return unpacked;
    }

    private static byte[] WithoutMark(byte[] content) =>
        content.AsSpan() switch
        {
            [0xef, 0xbb, 0xbf, ..] => content[3..],
            // Arrow streams begin with four bytes of 0xff.
            [0xff, 0xfe, ..] => System.Text.Encoding.Convert(System.Text.Encoding.Unicode, System.Text.Encoding.UTF8, content[2..]),
            [0xfe, 0xff, ..] => System.Text.Encoding.Convert(
                System.Text.Encoding.BigEndianUnicode,
                System.Text.Encoding.UTF8,
                content[2..]
            ),
            _ => content,
        };

    /// <summary>
    /// .NET accepts a packed file that ends early. Its last eight bytes are the checksum and the length of its last member, so the
    /// content must end with such a member.
    /// </summary>
    private static void CheckEnd(byte[] packed, ReadOnlySpan<byte> content)
    {
        if (packed.Length < 18)
        {
            throw new InvalidDataException();
        }

        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(packed.AsSpan(packed.Length - 8));
        var length = BinaryPrimitives.ReadUInt32LittleEndian(packed.AsSpan(packed.Length - 4));
        if (length > content.Length || Crc32.Of(content[^(int)length..]) != checksum)
        {
            throw new InvalidDataException();
        }
    }
}
