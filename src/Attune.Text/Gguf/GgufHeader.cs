using System.Collections.Immutable;
using Attune.Core;

namespace Attune.Text.Gguf;

/// <summary>A tensor in a GGUF file.</summary>
/// <param name="Shape">Outermost first, as elsewhere; the file has the reverse order.</param>
/// <param name="Start">First byte in the file.</param>
public sealed record GgufEntry(string Name, ImmutableArray<long> Shape, GgufType Type, long Start)
{
    public long Count => Shape.Aggregate(1L, (product, side) => product * side);

    public long Bytes => Type.BytesOf(Count);
}

/// <summary>
/// The header of a GGUF file, version 2 or 3, little-endian (ggml's docs/gguf.md). Nothing is believed: every count and length is held
/// against what is left of the file, and against what a model can have, before anything is read or made room for. So a header takes a few
/// times its own size in memory, and never more.
/// </summary>
/// <param name="Path">Of the file, for messages.</param>
/// <param name="Fields">The keys with their values: numbers, flags, texts, and arrays of these.</param>
/// <param name="Entries">The tensors by name.</param>
public sealed record GgufHeader(string Path, IReadOnlyDictionary<string, object> Fields, IReadOnlyDictionary<string, GgufEntry> Entries)
{
    /// <summary>Reads the header of an open file, which stands at its beginning.</summary>
    /// <exception cref="ModelFileException">Damaged, or of a kind that is not read; says where.</exception>
    public static GgufHeader Read(string path, FileStream file)
    {
        var (fields, entries) = new GgufHeaderReader(path, file).Read();
        return new GgufHeader(path, fields, entries);
    }

    /// <exception cref="ModelFileException">The file is absent, damaged, or of a kind that is not read; says where.</exception>
    public static GgufHeader Read(string path)
    {
        using var file = Open(path);
        return Read(path, file);
    }

    /// <exception cref="ModelFileException">The file cannot be read.</exception>
    public static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path} cannot be read: {problem.Message}", problem);
        }
    }

    /// <summary>Whether there is a file that begins as a GGUF file does.</summary>
    public static bool IsOne(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                return false;
            }

            using var file = File.OpenRead(path);
            Span<byte> first = stackalloc byte[4];
            return file.ReadAtLeast(first, first.Length, throwOnEndOfStream: false) == first.Length && first.SequenceEqual("GGUF"u8);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Says what is wrong with the file.</summary>
    public ModelFileException Wrong(string what) => new($"{Path}: {what}.");
}
