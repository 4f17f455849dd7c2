namespace Attune.Kernels;

/// <summary>How the outputs of a packed matrix lie in its panels.</summary>
public enum PanelOrder
{
    /// <summary>Panel p holds outputs 64p to 64p + 63.</summary>
    Plain,

    /// <summary>
    /// The source holds n gates, then n values. Panel p holds gates 32p to 32p + 31, then the values they act on, so that an
    /// epilogue sees both at once.
    /// </summary>
    Gated,
}

/// <summary>The type of the numbers that a kernel multiplies; their sums are always in 32 bits.</summary>
public enum KernelType
{
    /// <summary>Exact: 32-bit weights and activations.</summary>
    F32,

    /// <summary>bfloat16 weights and activations: half the memory to read, and twice the products on processors that have them.</summary>
    BF16,

    /// <summary>Weights in blocks of 8 bits (<see cref="BlockType.Q80"/>), 32-bit activations: a quarter of the memory to read.</summary>
    Q8,

    /// <summary>
    /// Weights in blocks of 4 bits (<see cref="BlockType.Q41"/>), 32-bit activations: a sixth of the memory to read. Embeddings and head
    /// are in 8 bits.
    /// </summary>
    Q4,
}

/// <summary>
/// A weight matrix laid out for <see cref="Gemm"/>: panels of 64 outputs, read front to back by the kernel in steps of 256 bytes.
/// A step holds the weights of one input, 64 floats, or of two inputs in bfloat16, 64 pairs. Columns that no output fills are zeros.
/// Quantised weights lie as <see cref="PackedBlocks"/> says.
/// </summary>
public sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>Columns of a panel.</summary>
    public const int Panel = 64;

    /// <summary>Columns transposed at once, as many as a vector has 32-bit numbers.</summary>
    private const int Group = PackingTile.Side;

    private readonly NativeBuffer _values;
    private readonly PanelOrder _order;
    private readonly int _rows;

    /// <param name="rows">Outputs of the source matrix; twice the results in gated order.</param>
    /// <param name="inputs">Its inputs.</param>
    public PackedMatrix(int rows, int inputs, PanelOrder order = PanelOrder.Plain, KernelType type = KernelType.F32)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        (_rows, _order, Inputs, Type) = (rows, order, inputs, type);
        Steps = type == KernelType.BF16 ? (inputs + 1) / 2 : inputs;
        Outputs = order == PanelOrder.Gated ? rows / 2 : rows;
        Panels = (Outputs + OutputsPerPanel - 1) / OutputsPerPanel;
        var blockType = type switch
        {
            KernelType.Q8 => BlockType.Q80,
            KernelType.Q4 => BlockType.Q41,
            _ => (BlockType?)null,
        };
        Blocks = blockType is { } kept ? new PackedBlocks(kept, Panels, inputs) : null;
        _values = new NativeBuffer(Blocks is null ? (long)Panels * Panel * Steps : 0);
    }

    public KernelType Type { get; }

    public int Inputs { get; }

    /// <summary>Steps of a panel, 64 32-bit words each.</summary>
    public int Steps { get; }

    /// <summary>Results per row: a gate and its value give one.</summary>
    public int Outputs { get; }

    public int Panels { get; }

    public int OutputsPerPanel => _order == PanelOrder.Gated ? Panel / 2 : Panel;

    /// <summary>Whether the weights are in blocks of few bits.</summary>
    public bool IsQuantized => Blocks is not null;

    /// <summary>The panels of a quantised matrix; null in 32 and 16 bits.</summary>
    internal PackedBlocks? Blocks { get; private set; }

    /// <summary>[steps][64] floats, or pairs of bfloat16; in a quantised matrix its blocks.</summary>
    public float* PanelAt(int panel) => Blocks is { } blocks ? (float*)blocks.PanelAt(panel) : _values.Start + (long)panel * Panel * Steps;

    /// <summary>The panel that a worker multiplies first.</summary>
    internal float* FirstPanel(int worker, int workers) => PanelAt((int)((long)Panels * worker / workers));

    /// <summary>
    /// Copies row-major weights in, on all processors, rounding to the nearest where the matrix is in bfloat16, and quantising where it is
    /// in blocks.
    /// </summary>
    /// <param name="source">[rows, inputs]</param>
    public void Pack(ReadOnlySpan<float> source)
    {
        Check(source.Length);
        fixed (float* weights = source)
        {
            Pack(weights, KernelType.F32);
        }
    }

    /// <summary>The same from bfloat16 weights.</summary>
    /// <param name="source">[rows, inputs]</param>
    public void Pack(ReadOnlySpan<ushort> source)
    {
        Check(source.Length);
        fixed (ushort* weights = source)
        {
            Pack(weights, KernelType.BF16);
        }
    }

    /// <summary>Copies quantised weights in as they are, into a quantised matrix. Its blocks become of their type.</summary>
    public void Pack(BlockMatrix source)
    {
        if (Blocks is null || source.Rows != _rows || source.Inputs != Inputs)
        {
            throw new ArgumentException(
                $"The source has {source.Rows} x {source.Inputs} weights in blocks; expected {_rows} x {Inputs} for a matrix in {Type}."
            );
        }

        if (Blocks.Type != source.Type)
        {
            Blocks.Dispose();
            Blocks = new PackedBlocks(source.Type, Panels, Inputs);
        }

        Parallel.For(
            0,
            Panels,
            panel =>
            {
                for (var column = 0; column < Panel; column++)
                {
                    if (RowOf(panel, column) is { } row)
                    {
                        Blocks.Write(panel, column, source.Row(row));
                    }
                }
            }
        );
    }

    public void Dispose()
    {
        Blocks?.Dispose();
        _values.Dispose();
    }

    /// <summary>Quantises a panel at a time, so that no second copy of the matrix is needed.</summary>
    private void Quantize(void* weights, KernelType given, int panel)
    {
        var type = Blocks!.Type;
        var numbers = new float[Inputs];
        var row = new byte[BlockCodec.Blocks(Inputs) * BlockCodec.Bytes(type)];
        for (var column = 0; column < Panel; column++)
        {
            if (RowOf(panel, column) is not { } from)
            {
                continue;
            }

            fixed (float* target = numbers)
            {
                if (given == KernelType.BF16)
                {
                    BFloat16.Widen((ushort*)weights + (long)from * Inputs, target, Inputs);
                }
                else
                {
                    new ReadOnlySpan<float>((float*)weights + (long)from * Inputs, Inputs).CopyTo(numbers);
                }
            }

            BlockMatrix.EncodeRow(type, numbers, row);
            Blocks.Write(panel, column, row);
        }
    }

    private void Check(int length)
    {
        if (length != (long)_rows * Inputs)
        {
            throw new ArgumentException($"The source has {length} weights; expected {_rows} x {Inputs}.");
        }
    }

    private void Pack(void* weights, KernelType given)
    {
        if (Blocks is not null)
        {
            Parallel.For(0, Panels, panel => Quantize(weights, given, panel));
            return;
        }

        var source = new PackingTile(weights, given, Type, Inputs);
        Parallel.For(0, Panels, panel => PackPanel(source, panel));
    }

    private void PackPanel(PackingTile source, int panel)
    {
        var whole = source.WholeSteps;
        for (var column = 0; column < Panel; column += Group)
        {
            // A group's columns are rows that follow each other in the source, in both orders.
            var isFull = RowOf(panel, column + Group - 1) is not null;
            if (isFull)
            {
                source.Transpose(RowOf(panel, column)!.Value, PanelAt(panel) + column);
            }

            CopyColumns(source, panel, column, Group, isFull ? whole : 0);
        }
    }

    /// <summary>Word by word, from a step on: what does not fill a tile.</summary>
    private void CopyColumns(PackingTile source, int panel, int firstColumn, int columns, int firstStep)
    {
        var target = (uint*)PanelAt(panel);
        for (var column = firstColumn; column < firstColumn + columns; column++)
        {
            if (RowOf(panel, column) is { } row)
            {
                for (var step = firstStep; step < Steps; step++)
                {
                    target[(long)step * Panel + column] = source.Word(row, step);
                }
            }
        }
    }

    /// <summary>The source row that a column of a panel holds; null where there is none.</summary>
    private int? RowOf(int panel, int column)
    {
        var output = panel * OutputsPerPanel + column % OutputsPerPanel;
        return output >= Outputs ? null
            : column < OutputsPerPanel ? output
            : Outputs + output;
    }
}
