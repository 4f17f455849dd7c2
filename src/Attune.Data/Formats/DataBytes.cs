using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using Attune.Core;

namespace Attune.Data.Formats;

/// <summary>
/// The content of a data file, unpacked where its name ends in .gz and without a byte order mark, and the hash of the stored file.
/// </summary>
public sealed record DataBytes(byte[] Content, string Sha256)
{
    public static bool IsPacked(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the file's name, without .gz, ends in this.</summary>
    public static bool HasExtension(string path, string extension) =>
        (IsPacked(path) ? path[..^3] : path).EndsWith(extension, StringComparison.OrdinalIgnoreCase);

    /// <exception cref="DataException">No such file, not readable, or not a whole gzip file.</exception>
    public static DataBytes Read(string path)
    {
        try
        {
            var stored = File.ReadAllBytes(path);
            var content = IsPacked(path) ? Unpack(stored) : stored;
            var text = content.AsSpan();
            if (text.StartsWith("\uFEFF"u8))
            {
                content = content[3..];
            }
            return new DataBytes(content, Convert.ToHexStringLower(SHA256.HashData(stored)));
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException($"{path}: no such file.");
        }
        catch (InvalidDataException)
        {
            throw new DataException($"{path}: not a whole gzip file; it may be cut short, or not packed at all.");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {problem.Message}");
        }
    }

    private static byte[] Unpack(byte[] packed)
    {
        using var source = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var content = new MemoryStream();
        source.CopyTo(content);
        var unpacked = content.ToArray();
        CheckEnd(packed, unpacked);
        return unpacked;
    }

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
