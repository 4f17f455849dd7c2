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

    // What comes in from a pipe has no name to tell.
    private static byte[] Unpack(string path, byte[] stored) =>
        path.EndsWith(Packed[0], StringComparison.OrdinalIgnoreCase) || stored.AsSpan().StartsWith<byte>([0x1f, 0x8b]) ? UnpackGzip(stored)
        : path.EndsWith(Packed[1], StringComparison.OrdinalIgnoreCase) || stored.AsSpan().StartsWith<byte>([0x28, 0xb5, 0x2f, 0xfd])
            ? UnpackZstandard(stored)
        : stored;

    private static byte[] UnpackGzip(byte[] packed)
    {
        using var source = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var content = new MemoryStream();
        source.CopyTo(content);
        var unpacked = content.ToArray();
        CheckEnd(packed, unpacked);
        return unpacked;
    }

    private static byte[] UnpackZstandard(byte[] packed)
    {
        using var source = new DecompressionStream(new MemoryStream(packed), checkEndOfStream: true);
        using var content = new MemoryStream();
        source.CopyTo(content);
        return content.ToArray();
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
