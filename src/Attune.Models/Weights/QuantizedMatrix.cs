using Attune.Kernels;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Models.Weights;

/// <summary>How the frozen matrices of a base are kept while an adapter is trained on it.</summary>
public enum BaseQuantization
{
    /// <summary>As they are.</summary>
    None,
    /// <summary>8-bit integers, one scale for 64: 8.5 bits a weight.</summary>
#pragma warning disable CA1720 // the format's own name, as people write it in recipes
    Int8,
#pragma warning restore CA1720
    /// <summary>4-bit NormalFloat, one scale for 64: 4.5 bits a weight.</summary>
    Nf4,

    /// <summary>The blocks of the GGUF file that the base is read from, as they are.</summary>
    File,
}

/// <summary>
/// A matrix in quantised blocks along its rows. It is never whole in memory as numbers: products take it a tile of rows at a time.
/// </summary>
public sealed class QuantizedMatrix
{
    /// <summary>Rows that are numbers at once: a tile's product takes hundreds of times as long as making its numbers.</summary>
    internal const int TileRows = 512;

    private readonly byte[] _codes = [];
    private readonly float[] _scales = [];
    private readonly int _blocks;
    private readonly bool _isFourBit;
    private BlockMatrix? _file;

    public QuantizedMatrix(BaseQuantization kind, long outputs, long inputs)
    {
        ArgumentOutOfRangeException.ThrowIfEqual((int)kind, (int)BaseQuantization.None);
        (Kind, Outputs, Inputs, _isFourBit) = (kind, outputs, inputs, kind == BaseQuantization.Nf4);
        if (kind == BaseQuantization.File)
        {
            return;
        }

        _blocks = (int)((inputs + QuantizedBlocks.Block - 1) / QuantizedBlocks.Block);
        _codes = new byte[outputs * _blocks * QuantizedBlocks.CodeBytes(_isFourBit)];
        _scales = new float[outputs * _blocks];
    }

    public BaseQuantization Kind { get; }
    public long Outputs { get; }
    public long Inputs { get; }

    /// <summary>Bytes of codes and scales.</summary>
    public long Bytes => _file?.Memory.Length ?? _codes.LongLength + sizeof(float) * _scales.LongLength;

    /// <summary>Takes a file's blocks, kept as they are.</summary>
    internal void SetBlocks(BlockMatrix blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual((int)Kind, (int)BaseQuantization.File);
        ArgumentOutOfRangeException.ThrowIfNotEqual((blocks.Rows, blocks.Inputs), ((int)Outputs, (int)Inputs));
        _file = blocks;
    }

    /// <summary>Codes some rows.</summary>
    /// <param name="values">[rows * inputs]</param>
    internal void SetRows(long first, float[] values)
    {
        if (Kind == BaseQuantization.File)
        {
            throw new InvalidOperationException("this matrix takes a file's blocks, not numbers.");
        }

        var (inputs, bytes) = ((int)Inputs, QuantizedBlocks.CodeBytes(_isFourBit));
        Parallel.For(
            0,
            values.Length / inputs,
            row =>
            {
                for (var block = 0; block < _blocks; block++)
                {
                    var start = block * QuantizedBlocks.Block;
                    var at = (first + row) * _blocks + block;
                    _scales[at] = QuantizedBlocks.Encode(
                        values.AsSpan(row * inputs + start, Math.Min(QuantizedBlocks.Block, inputs - start)),
                        _codes.AsSpan(checked((int)(at * bytes)), bytes),
                        _isFourBit
                    );
                }
            }
        );
    }

    /// <summary>Some rows as numbers.</summary>
    /// <returns>[rows, inputs] in the caller's scope</returns>
    internal Tensor Rows(long first, long rows, ScalarType type, Device? device = null)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return (_file is null ? Decoded(first, rows) : Decoded(_file, first, rows)).to(type).to(device ?? CPU).MoveToOuterDisposeScope();
    }

    private static unsafe Tensor Decoded(BlockMatrix blocks, long first, long rows)
    {
        var plain = empty([rows, (long)blocks.Inputs]);
        var target = (nint)TensorMemory.Start(plain);
        ParallelLoop.For(
            (int)rows,
            plain.numel(),
            row => blocks.Read((int)first + row, new Span<float>((float*)target + (long)row * blocks.Inputs, blocks.Inputs))
        );
        return plain;
    }

    private unsafe Tensor Decoded(long first, long rows)
    {
        var wide = empty([rows, (long)_blocks * QuantizedBlocks.Block]);
        var target = (nint)TensorMemory.Start(wide);
        var bytes = QuantizedBlocks.CodeBytes(_isFourBit);
        ParallelLoop.For(
            (int)rows,
            wide.numel(),
            row =>
            {
                var at = (first + row) * _blocks;
                fixed (byte* codes = &_codes[at * bytes])
                fixed (float* scales = &_scales[at])
                {
                    QuantizedBlocks.Decode(
                        codes,
                        scales,
                        _blocks,
                        (float*)target + (long)row * _blocks * QuantizedBlocks.Block,
                        _isFourBit
                    );
                }
            }
        );
        return wide.size(1) == Inputs ? wide : wide.narrow(1, 0, Inputs).contiguous();
    }

    /// <summary>All of it as numbers, for an engine to pack or a file to be written.</summary>
    internal Tensor Dense() => Rows(0, Outputs, ScalarType.Float32);

    internal void AddTo(System.Security.Cryptography.IncrementalHash hash)
    {
        hash.AppendData(_file is null ? _codes : _file.Memory.Span);
        hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(_scales.AsSpan()));
    }
}
