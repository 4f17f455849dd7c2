using Attune.Core;
using Attune.Text.Gguf;

namespace Attune.Models.Gguf;

/// <summary>A tensor as its blocks, for products that read them as they are.</summary>
/// <param name="Rows">All sides but the innermost together.</param>
/// <param name="Columns">Numbers in a row, a multiple of the type's block length.</param>
/// <param name="Bytes">The blocks of the rows, one after another.</param>
public sealed record GgufBlockMatrix(GgufType Type, long Rows, long Columns, byte[] Bytes);

/// <summary>An open GGUF file; its header is checked as <see cref="GgufHeader"/> says.</summary>
public sealed class GgufFile : IDisposable
{
    // A multiple of the blocks' length.
    private const int NumbersAtOnce = 1 << 18;
    private readonly FileStream _file;

    /// <exception cref="ModelFileException">The file is absent, damaged, or of a kind that is not read; says where.</exception>
    public GgufFile(string path)
    {
        _file = GgufHeader.Open(path);
        try
        {
            Header = GgufHeader.Read(path, _file);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public GgufHeader Header { get; }

    public string Path => Header.Path;

    /// <summary>The keys with their values: numbers, flags, texts, and arrays of these.</summary>
    public IReadOnlyDictionary<string, object> Fields => Header.Fields;

    public IEnumerable<GgufEntry> Entries => Header.Entries.Values;

    public GgufEntry? Find(string name) => Header.Entries.GetValueOrDefault(name);

    /// <summary>Whether a file begins as a GGUF file does.</summary>
    public static bool IsOne(string path) => GgufHeader.IsOne(path);

    /// <summary>Reads a tensor whole.</summary>
    /// <exception cref="ModelFileException">A number is infinite or not a number, or there are more than an array holds
    /// (2,147,483,591).</exception>
    public float[] Read(GgufEntry entry) => Read(entry, 0, 1);

    /// <summary>Reads one of several parts of a size that a tensor's outermost side has.</summary>
    /// <exception cref="ModelFileException">As for the whole.</exception>
    internal float[] Read(GgufEntry entry, int index, int parts)
    {
        var count = entry.Count / parts;
        if (count > Array.MaxLength)
        {
            throw new ModelFileException($"{Path}: the tensor '{entry.Name}' has {count} numbers; expected at most {Array.MaxLength}.");
        }

        var values = new float[count];
        var room = new byte[entry.Type.BytesOf(Math.Min(count, NumbersAtOnce))];
        _file.Seek(entry.Start + index * entry.Type.BytesOf(count), SeekOrigin.Begin);
        for (var rest = values.AsSpan(); rest.Length > 0; rest = rest[Math.Min(rest.Length, NumbersAtOnce)..])
        {
            var part = rest[..Math.Min(rest.Length, NumbersAtOnce)];
            var bytes = room.AsSpan(0, (int)entry.Type.BytesOf(part.Length));
            Fill(entry, bytes);
            GgufBlocks.Widen(entry.Type, bytes, part);
        }

        if (Array.FindIndex(values, v => !float.IsFinite(v)) is var wrong and >= 0)
        {
            throw new ModelFileException(
                $"{Path}: the tensor '{entry.Name}' holds {values[wrong]} at place {index * count + wrong}; the file is damaged, or "
                    + "training that made it diverged."
            );
        }

        return values;
    }

    /// <summary>Reads a tensor as its blocks.</summary>
    /// <exception cref="ModelFileException">The file cannot be read, or the tensor is larger than an array holds.</exception>
    public GgufBlockMatrix ReadBlocks(GgufEntry entry) => ReadBlocks(entry, 0, 1);

    /// <summary>The same of one of several parts, as with numbers.</summary>
    /// <exception cref="ModelFileException">As for the whole.</exception>
    internal GgufBlockMatrix ReadBlocks(GgufEntry entry, int index, int parts)
    {
        var count = entry.Bytes / parts;
        if (count > Array.MaxLength)
        {
            throw new ModelFileException($"{Path}: the tensor '{entry.Name}' has {count} bytes; expected at most {Array.MaxLength}.");
        }

        var bytes = new byte[count];
        _file.Seek(entry.Start + index * count, SeekOrigin.Begin);
        Fill(entry, bytes);
        return new GgufBlockMatrix(entry.Type, entry.Count / parts / entry.Shape[^1], entry.Shape[^1], bytes);
    }

    public void Dispose() => _file.Dispose();

    private void Fill(GgufEntry entry, Span<byte> bytes)
    {
        try
        {
            _file.ReadExactly(bytes);
        }
        catch (IOException problem)
        {
            throw new ModelFileException($"{Path}: the tensor '{entry.Name}' cannot be read: {problem.Message}", problem);
        }
    }
}
