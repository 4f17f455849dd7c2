using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Attune.Core;

namespace Attune.Models.Files;

/// <summary>An open safetensors file. Tensors are read one at a time, as 32-bit numbers whatever their type on disk.</summary>
public sealed class SafeTensorsFile : IDisposable
{
    private const int Buffer = 1 << 20;
    private readonly FileStream _file;
    private readonly Dictionary<string, SafeTensorsEntry> _entries;

    /// <exception cref="ModelFileException">The file is absent, damaged, or not a safetensors file.</exception>
    public SafeTensorsFile(string path)
    {
        Path = path;
        try
        {
            _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path} cannot be read: {problem.Message}", problem);
        }

        try
        {
            Entries = SafeTensorsHeader.Read(path, _file);
        }
        catch
        {
            _file.Dispose();
            throw;
        }

        _entries = Entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
    }

    public string Path { get; }

    /// <summary>In the order of the header.</summary>
    public ImmutableArray<SafeTensorsEntry> Entries { get; }

    public SafeTensorsEntry? Find(string name) => _entries.GetValueOrDefault(name);

    /// <summary>Reads a tensor whole.</summary>
    /// <exception cref="ModelFileException">A number is infinite or not a number.</exception>
    public void Read(SafeTensorsEntry entry, Span<float> values)
    {
        if (values.Length != entry.Length)
        {
            throw new ArgumentException($"'{entry.Name}' has {entry.Length} numbers; there is room for {values.Length}.", nameof(values));
        }

        Read(entry, values, 0);
    }

    /// <summary>Reads as many of a tensor's numbers as there is room for.</summary>
    /// <param name="first">The first of them.</param>
    /// <exception cref="ModelFileException">A number is infinite or not a number.</exception>
    public void Read(SafeTensorsEntry entry, Span<float> values, long first)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, entry.Length - values.Length);
        if (entry.Type == WeightType.Other)
        {
            throw new ModelFileException(
                $"{Path}: the tensor '{entry.Name}' has type {entry.TypeName}; expected F32, BF16 or F16. Convert the file to one of these."
            );
        }

        _file.Seek(entry.Start + first * SafeTensorsEntry.BytesOf(entry.Type), SeekOrigin.Begin);
        if (entry.Type == WeightType.F32)
        {
            for (var rest = MemoryMarshal.AsBytes(values); rest.Length > 0; rest = rest[Math.Min(rest.Length, Buffer)..])
            {
                _file.ReadExactly(rest[..Math.Min(rest.Length, Buffer)]);
            }
        }
        else
        {
            ReadHalves(entry.Type, values);
        }

        CheckFinite(entry, values);
    }

    public void Dispose() => _file.Dispose();

    private void ReadHalves(WeightType type, Span<float> values)
    {
        var halves = new ushort[Math.Min(values.Length, Buffer / 2)];
        while (values.Length > 0)
        {
            var part = halves.AsSpan(0, Math.Min(values.Length, halves.Length));
            _file.ReadExactly(MemoryMarshal.AsBytes(part));
            for (var i = 0; i < part.Length; i++)
            {
                values[i] =
                    type == WeightType.BF16
                        ? BitConverter.UInt32BitsToSingle((uint)part[i] << 16)
                        : (float)BitConverter.UInt16BitsToHalf(part[i]);
            }

            values = values[part.Length..];
        }
    }

    private void CheckFinite(SafeTensorsEntry entry, ReadOnlySpan<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                throw new ModelFileException(
                    $"{Path}: the tensor '{entry.Name}' holds {values[i]} at element {i}; a model with such weights gives "
                        + "nothing but that. "
                        + "The training that wrote it diverged, or the file is damaged: use an earlier checkpoint or download it again."
                );
            }
        }
    }
}
