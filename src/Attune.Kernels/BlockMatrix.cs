namespace Attune.Kernels;

/// <summary>
/// A weight matrix in blocks of few bits, row after row: what a GGUF file holds, or what <see cref="Of"/> makes of numbers. Rows can be
/// reordered and joined without touching a weight.
/// </summary>
public sealed class BlockMatrix
{
    /// <param name="rows">Outputs.</param>
    /// <param name="inputs">Numbers of a row.</param>
    /// <param name="bytes">[rows][blocks of a row], blocks as <see cref="BlockType"/> says; kept, not copied.</param>
    public BlockMatrix(BlockType type, int rows, int inputs, ReadOnlyMemory<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        (Type, Rows, Inputs, Memory) = (type, rows, inputs, bytes);
        if (bytes.Length != (long)rows * RowBytes)
        {
            throw new ArgumentException($"The blocks have {bytes.Length} bytes; expected {rows} rows of {RowBytes}.", nameof(bytes));
        }
    }

    public BlockType Type { get; }
    public int Rows { get; }
    public int Inputs { get; }
    public ReadOnlyMemory<byte> Memory { get; }
    public int RowBytes => BlockCodec.Blocks(Inputs) * BlockCodec.Bytes(Type);

    /// <summary>Quantises numbers, on all processors.</summary>
    /// <param name="values">[rows, inputs], finite</param>
    public static unsafe BlockMatrix Of(BlockType type, int rows, int inputs, ReadOnlySpan<float> values)
    {
        if (values.Length != (long)rows * inputs)
        {
            throw new ArgumentException($"There are {values.Length} numbers; expected {rows} x {inputs}.", nameof(values));
        }

        var rowBytes = BlockCodec.Blocks(inputs) * BlockCodec.Bytes(type);
        var bytes = new byte[checked(rows * rowBytes)];
        fixed (float* start = values)
        {
            var from = (nint)start;
            Parallel.For(
                0,
                rows,
                row =>
                    EncodeRow(
                        type,
                        new ReadOnlySpan<float>((float*)from + (long)row * inputs, inputs),
                        bytes.AsSpan(row * rowBytes, rowBytes)
                    )
            );
        }

        return new BlockMatrix(type, rows, inputs, bytes);
    }

    /// <summary>Rows of several matrices, below each other.</summary>
    /// <param name="parts">Of the same type and inputs.</param>
    public static BlockMatrix Join(params ReadOnlySpan<BlockMatrix> parts)
    {
        var first = parts[0];
        var bytes = new List<byte>();
        var rows = 0;
        foreach (var part in parts)
        {
            if (part.Type != first.Type || part.Inputs != first.Inputs)
            {
                throw new ArgumentException(
                    $"A part is {part.Type} with {part.Inputs} inputs; expected {first.Type} with {first.Inputs}.",
                    nameof(parts)
                );
            }

            bytes.AddRange(part.Memory.Span);
            rows += part.Rows;
        }

        return new BlockMatrix(first.Type, rows, first.Inputs, bytes.ToArray());
    }

    /// <summary>The same rows in another order.</summary>
    /// <param name="order">For each row of the result, the row it was.</param>
    public BlockMatrix Reorder(ReadOnlySpan<int> order)
    {
        var bytes = new byte[checked(order.Length * RowBytes)];
        for (var row = 0; row < order.Length; row++)
        {
            Row(order[row]).CopyTo(bytes.AsSpan(row * RowBytes));
        }

        return new BlockMatrix(Type, order.Length, Inputs, bytes);
    }

    /// <summary>A row's blocks.</summary>
    public ReadOnlySpan<byte> Row(int row) => Memory.Span.Slice(row * RowBytes, RowBytes);

    /// <summary>Writes a row's weights, [inputs].</summary>
    public void Read(int row, Span<float> values) => DecodeRow(Type, Row(row), values[..Inputs]);

    /// <summary>All weights, [rows, inputs].</summary>
    public float[] ToArray()
    {
        var values = new float[checked(Rows * Inputs)];
        for (var row = 0; row < Rows; row++)
        {
            Read(row, values.AsSpan(row * Inputs));
        }

        return values;
    }

    internal static void EncodeRow(BlockType type, ReadOnlySpan<float> values, Span<byte> row)
    {
        var size = BlockCodec.Bytes(type);
        for (var (start, at) = (0, 0); start < values.Length; start += BlockCodec.Length, at += size)
        {
            BlockCodec.Encode(type, values[start..Math.Min(start + BlockCodec.Length, values.Length)], row.Slice(at, size));
        }
    }

    private static void DecodeRow(BlockType type, ReadOnlySpan<byte> row, Span<float> values)
    {
        var size = BlockCodec.Bytes(type);
        for (var (start, at) = (0, 0); start < values.Length; start += BlockCodec.Length, at += size)
        {
            BlockCodec.Decode(type, row.Slice(at, size), values[start..Math.Min(start + BlockCodec.Length, values.Length)]);
        }
    }
}
