namespace Attune.Numerics.Kernels;

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

/// <summary>
/// A weight matrix laid out for <see cref="Gemm"/>: panels of 64 outputs, each [inputs][64], read front to back by the kernel.
/// Columns that no output fills are zeros.
/// </summary>
public sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>Columns of a panel.</summary>
    public const int Panel = 64;

    private readonly NativeBuffer _values;
    private readonly PanelOrder _order;
    private readonly int _rows;

    /// <param name="rows">Outputs of the source matrix; twice the results in gated order.</param>
    /// <param name="inputs">Its inputs.</param>
    public PackedMatrix(int rows, int inputs, PanelOrder order = PanelOrder.Plain)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        _rows = rows;
        _order = order;
        Inputs = inputs;
        Outputs = order == PanelOrder.Gated ? rows / 2 : rows;
        Panels = (Outputs + OutputsPerPanel - 1) / OutputsPerPanel;
        _values = new NativeBuffer((long)Panels * Panel * inputs);
    }

    public int Inputs { get; }

    /// <summary>Results per row: a gate and its value give one.</summary>
    public int Outputs { get; }

    public int Panels { get; }

    public int OutputsPerPanel => _order == PanelOrder.Gated ? Panel / 2 : Panel;

    public float* PanelAt(int panel) => _values.Start + (long)panel * Panel * Inputs;

    /// <summary>Copies row-major weights in, on all processors.</summary>
    /// <param name="source">[rows, inputs]</param>
    public void Pack(ReadOnlySpan<float> source)
    {
        if (source.Length != (long)_rows * Inputs)
        {
            throw new ArgumentException($"The source has {source.Length} weights; expected {_rows} x {Inputs}.", nameof(source));
        }

        fixed (float* weights = source)
        {
            var from = (nint)weights;
            Parallel.For(0, Panels, panel => PackPanel((float*)from, panel));
        }
    }

    public void Dispose() => _values.Dispose();

    private void PackPanel(float* source, int panel)
    {
        var target = PanelAt(panel);
        for (var column = 0; column < Panel; column++)
        {
            if (RowOf(panel, column) is not { } row)
            {
                continue;
            }

            var from = source + (long)row * Inputs;
            for (var k = 0; k < Inputs; k++)
            {
                target[(long)k * Panel + column] = from[k];
            }
        }
    }

    /// <summary>The source row that a column of a panel holds; null where there is none.</summary>
    private int? RowOf(int panel, int column)
    {
        var output = panel * OutputsPerPanel + column % OutputsPerPanel;
        return output >= Outputs ? null : column < OutputsPerPanel ? output : Outputs + output;
    }
}
