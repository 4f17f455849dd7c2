using System.Runtime.InteropServices;
using Attune.Kernels;
using static TorchSharp.torch;

namespace Attune.Models.Decoding;

/// <summary>Embeddings, row after row, in the type the kernels multiply in; for both quantised types in blocks of 8 bits.</summary>
internal sealed unsafe class PackedTable : IDisposable
{
    private const int RowsAtOnce = 512;

    private readonly NativeBuffer _values;
    private readonly int _rows,
        _width;
    private readonly bool _isShort,
        _isQuantized;
    private BlockMatrix? _blocks;

    internal PackedTable(int rows, int width, KernelType type)
    {
        (_rows, _width, _isShort) = (rows, width, type == KernelType.BF16);
        _isQuantized = type is KernelType.Q8 or KernelType.Q4;
        var numbers = _isQuantized ? 0 : (long)rows * width;
        _values = new NativeBuffer(_isShort ? (numbers + 1) / 2 + 1 : numbers);
    }

    /// <summary>Copies a parameter in, on all processors.</summary>
    internal void Load(Tensor parameter)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var plain = WeightSpans.Plain(parameter);
        if (_isQuantized)
        {
            WeightSpans.RequireFinite(plain);
            plain = plain.to(ScalarType.Float32);
            _blocks = BlockMatrix.Of(BlockType.Q80, _rows, _width, MemoryMarshal.Cast<byte, float>(plain.bytes));
            GC.KeepAlive(plain);
            return;
        }

        var comesShort = plain.dtype == ScalarType.BFloat16;
        fixed (byte* source = plain.bytes)
        {
            var from = (nint)source;
            Parallel.For(
                0,
                (_rows + RowsAtOnce - 1) / RowsAtOnce,
                part =>
                {
                    var first = (long)part * RowsAtOnce * _width;
                    Copy((byte*)from, comesShort, first, Math.Min(RowsAtOnce, _rows - part * RowsAtOnce) * _width);
                }
            );
        }

        GC.KeepAlive(plain);
    }

    /// <summary>Takes quantised embeddings as they are.</summary>
    internal void Load(BlockMatrix blocks) => _blocks = blocks;

    /// <summary>Writes a row as 32-bit floats.</summary>
    internal void Read(int row, float* target)
    {
        var start = (long)row * _width;
        if (_blocks is not null)
        {
            _blocks.Read(row, new Span<float>(target, _width));
        }
        else if (_isShort)
        {
            BFloat16.Widen((ushort*)_values.Start + start, target, _width);
        }
        else
        {
            new ReadOnlySpan<float>(_values.Start + start, _width).CopyTo(new Span<float>(target, _width));
        }
    }

    /// <summary>Adds a row to 32-bit floats.</summary>
    internal void AddTo(int row, float* target)
    {
        var room = stackalloc float[_width];
        Read(row, room);
        VectorMath.Add(target, room, _width);
    }

    public void Dispose() => _values.Dispose();

    private void Copy(byte* source, bool comesShort, long first, int count)
    {
        var halves = (ushort*)source + first;
        var floats = (float*)source + first;
        switch (comesShort, _isShort)
        {
            case (true, true):
                new ReadOnlySpan<ushort>(halves, count).CopyTo(new Span<ushort>((ushort*)_values.Start + first, count));
                break;
            case (true, false):
                BFloat16.Widen(halves, _values.Start + first, count);
                break;
            case (false, true):
                BFloat16.Round(floats, (ushort*)_values.Start + first, count);
                break;
            default:
                new ReadOnlySpan<float>(floats, count).CopyTo(new Span<float>(_values.Start + first, count));
                break;
        }
    }
}
