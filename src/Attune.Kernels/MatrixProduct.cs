using System.Runtime.CompilerServices;
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
/// do.
/// What a worker uses again and again is copied into its own cache in the order in which it is read. The order of each sum
/// depends on the shapes alone, so that results do not depend on the number of threads. Needs AVX-512.
/// </summary>
public static unsafe partial class MatrixProduct
{
    /// <summary>Rows of a tile: 6 x 4 sums, 4 of the right factor and a broadcast of the left fill 29 of 32 registers.</summary>
    internal const int TileRows = 6;

    internal const int Panel = 64;

    // A panel of this depth takes 128 KB: an eighth of a Zen 5 core's second-level cache.
    private const int Depth = 512;

    // Rows that pass over a panel before the next: enough to pay for its copying, few enough to share the work out.
    private const int RowBlock = 768;

    [ThreadStatic]
    private static NativeBuffer? _panels;

    [ThreadStatic]
    private static NativeBuffer? _left;

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
    )
    {
        var work = (long)rows * columns * inner / 32;
        var product = new Product(a, b, c, stride, rows, columns, inner, bias, add);
        var panels = (columns + Panel - 1) / Panel;
        if (a.Column == 1)
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

    /// <summary>
    /// tile[r][j] = sum over k of a[r * row + k * step] * panel[k][j]: six rows of 64 sums, rows beyond <paramref name="rows"/> being
    /// copies.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Tile(float* a, nint row, nint step, int rows, float* panel, int inner, float* tile)
    {
        var last = rows - 1;
        nint r1 = Math.Min(1, last) * row,
            r2 = Math.Min(2, last) * row,
            r3 = Math.Min(3, last) * row,
            r4 = Math.Min(4, last) * row,
            r5 = Math.Min(5, last) * row;
        Quad s0 = default,
            s1 = default,
            s2 = default,
            s3 = default,
            s4 = default,
            s5 = default;
        for (var k = 0; k < inner; k++, a += step, panel += Panel)
        {
            var w0 = Vector512.Load(panel);
            var w1 = Vector512.Load(panel + 16);
            var w2 = Vector512.Load(panel + 32);
            var w3 = Vector512.Load(panel + 48);
            s0.Add(a[0], w0, w1, w2, w3);
            s1.Add(a[r1], w0, w1, w2, w3);
            s2.Add(a[r2], w0, w1, w2, w3);
            s3.Add(a[r3], w0, w1, w2, w3);
            s4.Add(a[r4], w0, w1, w2, w3);
            s5.Add(a[r5], w0, w1, w2, w3);
        }

        s0.Store(tile);
        s1.Store(tile + Panel);
        s2.Store(tile + 2 * Panel);
        s3.Store(tile + 3 * Panel);
        s4.Store(tile + 4 * Panel);
        s5.Store(tile + 5 * Panel);
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

    /// <summary>Four vectors of sums.</summary>
    private struct Quad
    {
        private Vector512<float> _0,
            _1,
            _2,
            _3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(float input, Vector512<float> w0, Vector512<float> w1, Vector512<float> w2, Vector512<float> w3)
        {
            var all = Vector512.Create(input);
            _0 = Vector512.FusedMultiplyAdd(all, w0, _0);
            _1 = Vector512.FusedMultiplyAdd(all, w1, _1);
            _2 = Vector512.FusedMultiplyAdd(all, w2, _2);
            _3 = Vector512.FusedMultiplyAdd(all, w3, _3);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* target)
        {
            _0.Store(target);
            _1.Store(target + 16);
            _2.Store(target + 32);
            _3.Store(target + 48);
        }
    }

    /// <summary>A product's operands, for its parts.</summary>
    private sealed partial class Product(
        MatrixView a,
        MatrixView b,
        float* c,
        long stride,
        int rows,
        int columns,
        int inner,
        float* bias,
        bool add
    )
    {
        /// <summary>One panel of columns, for a block of rows.</summary>
        public void Columns(int panel, int first)
        {
            var last = Math.Min(rows, first + RowBlock);
            var right = Room(ref _panels, (long)Depth * Panel + TileRows * Panel);
            var tile = right + (long)Depth * Panel;
            for (var start = 0; start < inner; start += Depth)
            {
                var depth = Math.Min(Depth, inner - start);
                PackRight(panel * Panel, start, depth, right);
                for (var row = first; row < last; row += TileRows)
                {
                    var count = Math.Min(TileRows, last - row);
                    Tile(a.Start + row * a.Row + start, (nint)a.Row, 1, count, right, depth, tile);
                    Finish(tile, row, count, panel * Panel, start);
                }
            }
        }

        /// <summary>A block of rows, for all columns.</summary>
        /// <param name="right">All panels, [panel][inner][64].</param>
        public void Rows(int first, int count, float* right)
        {
            var tiles = (count + TileRows - 1) / TileRows;
            var size = (long)TileRows * Math.Min(Depth, inner) + 16; // of a tile's copy, and a little room to overrun
            var left = Room(ref _left, tiles * size + TileRows * Panel);
            var tile = left + tiles * size;
            for (var start = 0; start < inner; start += Depth)
            {
                var depth = Math.Min(Depth, inner - start);
                for (var step = 0; step < tiles; step++)
                {
                    PackLeft(first + step * TileRows, Math.Min(TileRows, count - step * TileRows), start, depth, left + step * size);
                }

                for (var column = 0; column < columns; column += Panel)
                {
                    var panel = right + (long)column * inner + (long)start * Panel;
                    for (var step = 0; step < tiles; step++)
                    {
                        var some = Math.Min(TileRows, count - step * TileRows);
                        Tile(left + step * size, 1, TileRows, some, panel, depth, tile);
                        Finish(tile, first + step * TileRows, some, column, start);
                    }
                }
            }
        }

        private void Finish(float* tile, int row, int count, int column, int start)
        {
            var adds = add || start > 0;
            var offset = start == 0 ? bias : null;
            var width = Math.Min(Panel, columns - column);
            for (var r = 0; r < count; r++)
            {
                var from = tile + r * Panel;
                var to = c + (row + r) * stride + column;
                var j = 0;
                for (; j + 16 <= width; j += 16)
                {
                    var sum = Vector512.Load(from + j);
                    sum = adds ? sum + Vector512.Load(to + j) : sum;
                    (offset is not null ? sum + Vector512.Load(offset + column + j) : sum).Store(to + j);
                }

                for (; j < width; j++)
                {
                    to[j] = from[j] + (adds ? to[j] : 0) + (offset is not null ? offset[column + j] : 0);
                }
            }
        }
    }
}
