using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>A matrix in memory, any way round: element (i, j) lies at Start + i * Row + j * Column.</summary>
public readonly unsafe record struct MatrixView(nint Address, long Row, long Column)
{
    public MatrixView(float* start, long row, long column)
        : this((nint)start, row, column) { }

    public float* Start => (float*)Address;
}

/// <summary>
/// Products of float32 matrices for training, on libtorch's threads: libtorch's own product reaches a third of what an AMD processor can
/// do. Also of bfloat16 matrices, widened on their way, for processors that do not multiply these (<see cref="BFloat16Product"/>).
/// What a worker uses again and again is copied into its own cache in the order in which it is read. The order of each sum
/// depends on the shapes alone, so that results do not depend on the number of threads.
/// </summary>
public static unsafe partial class MatrixProduct
{
    /// <summary>Rows of a tile.</summary>
    internal const int TileRows = 6;

    internal const int Panel = 64;

    [ThreadStatic]
    private static NativeBuffer? _panels;

    [ThreadStatic]
    private static NativeBuffer? _left;

    [ThreadStatic]
    private static NativeBuffer? _sums;

    /// <summary>Columns of a tile: a panel in 24 registers of 512 bits, a quarter of it in 12 of 256.</summary>
    private static int Strip => Vector512.IsHardwareAccelerated ? Panel : NarrowStrip;

    // A panel of this depth takes 128 KB, an eighth of a Zen 5 core's second-level cache; a strip of 256 takes 16 KB, half of a first-level
    // cache.
    private static int Depth => Vector512.IsHardwareAccelerated ? 512 : 256;

    // Rows that pass over a panel before the next: enough to pay for its copying, few enough to share the work out. On narrow registers
    // each strip reads the left factor again, which should then lie in a second-level cache of 512 KB.
    private static int RowBlock => Vector512.IsHardwareAccelerated ? 768 : 384;

    /// <summary>c = a b, or c += a b; with a bias, a b + bias in every row.</summary>
    /// <param name="a">[rows, inner], one of its strides being 1, and so for <paramref name="b"/></param>
    /// <param name="b">[inner, columns]</param>
    /// <param name="c">[rows, columns], row-major, <paramref name="stride"/> apart</param>
    public static void Multiply(
        MatrixView a,
        MatrixView b,
        float* c,
        long stride,
        int rows,
        int columns,
        int inner,
        float* bias = null,
        bool add = false
    ) => Run(new Product<Float32Element>(a, b, c, stride, rows, columns, inner, bias, add), a.Column == 1, rows, columns, inner);

    /// <summary>The same in bfloat16: sums in float32, each rounded once.</summary>
    public static void Multiply(
        BFloat16View a,
        BFloat16View b,
        ushort* c,
        long stride,
        int rows,
        int columns,
        int inner,
        ushort* bias = null,
        bool add = false
    ) =>
        Run(
            new Product<BFloat16Element>(
                new MatrixView(a.Address, a.Row, a.Column),
                new MatrixView(b.Address, b.Row, b.Column),
                c,
                stride,
                rows,
                columns,
                inner,
                bias,
                add
            ),
            a.Column == 1,
            rows,
            columns,
            inner
        );

    private static void Run<T>(Product<T> product, bool runsAlongRows, int rows, int columns, int inner)
        where T : struct, IElement
    {
        var work = (long)rows * columns * inner / 32;
        var panels = (columns + Panel - 1) / Panel;
        if (runsAlongRows)
        {
            // The left factor is read as it lies; each panel of the right one is copied by the worker that uses it.
            var blocks = (rows + RowBlock - 1) / RowBlock;
            ParallelLoop.For(panels * blocks, work, item => product.Columns(item % panels, item / panels * RowBlock));
            return;
        }

        // A left factor that runs along its columns (the gradient of a weight) is copied in blocks of rows, each once; the right one, of
        // activations, is small and copied first.
        var right = (nint)Room(ref _panels, (long)panels * Panel * inner);
        ParallelLoop.For(
            panels,
            (long)inner * columns,
            panel => product.PackRight(panel * Panel, 0, inner, (float*)right + (long)panel * Panel * inner)
        );
        var block = rows < 1024 ? 8 * TileRows : 16 * TileRows;
        ParallelLoop.For(
            (rows + block - 1) / block,
            work,
            item => product.Rows(item * block, Math.Min(block, rows - item * block), (float*)right)
        );
    }

    /// <summary>A tile of a packed strip.</summary>
    private static void Tile(float* a, nint row, nint step, int rows, float* strip, int inner, float* tile)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            WideTile(a, row, step, rows, strip, inner, tile);
        }
        else
        {
            StripTile(a, row, step, rows, strip, NarrowStrip, inner, tile);
        }
    }

    /// <summary>
    /// tile[r][j] = sum over k of a[r * row + k * step] * panel[k][j], of the first 32 or of all 64 columns of panels whose rows lie whole.
    /// </summary>
    internal static void PanelTile(float* a, nint row, nint step, int rows, float* panel, int columns, int inner, float* tile)
    {
        if (!Vector512.IsHardwareAccelerated)
        {
            for (var column = 0; column < columns; column += NarrowStrip)
            {
                StripTile(a, row, step, rows, panel + column, Panel, inner, tile + column);
            }
        }
        else if (columns <= Panel / 2)
        {
            HalfTile(a, row, step, rows, panel, inner, tile);
        }
        else
        {
            WideTile(a, row, step, rows, panel, inner, tile);
        }
    }

    /// <summary>A thread's own memory of at least this many floats, kept for its next use.</summary>
    internal static float* Room(ref NativeBuffer? buffer, long floats)
    {
        if (buffer is null || buffer.Length < floats)
        {
            buffer?.Dispose();
            buffer = new NativeBuffer(floats);
        }

        return buffer.Start;
    }
}
