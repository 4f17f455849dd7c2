using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Attune.Kernels;

/// <summary>A bfloat16 matrix in memory, any way round: element (i, j) lies at Start + i * Row + j * Column.</summary>
public readonly unsafe record struct BFloat16View(nint Address, long Row, long Column)
{
    public BFloat16View(void* start, long row, long column)
        : this((nint)start, row, column) { }

    public ushort* Start => (ushort*)Address;
}

/// <summary>
/// Products of bfloat16 matrices for training, on libtorch's threads: <see cref="MatrixProduct"/> with the processor's own bfloat16
/// products, sums in float32, each rounded once. libtorch's product reorders its weights at every call, which costs half of the time where
/// activations have some hundred rows. The order of each sum depends on the shapes alone. Where the processor has no such products, the
/// numbers are widened on their way and multiplied by <see cref="MatrixProduct"/>, as fast as float32.
/// </summary>
public static unsafe partial class BFloat16Product
{
    private const int TileRows = Gemm.TileRows;
    private const int Panel = PackedMatrix.Panel;
    private const int Square = 16;
    private const int Line = 64;

    // Steps of two numbers. A panel of this depth takes 128 KB.
    private const int Depth = 512;

    // Rows that pass over a panel before the next.
    private const int RowBlock = 768;

    [ThreadStatic]
    private static NativeBuffer? _panels;

    [ThreadStatic]
    private static NativeBuffer? _left;

    [ThreadStatic]
    private static NativeBuffer? _sums;

    /// <summary>Whether the processor multiplies bfloat16 itself.</summary>
    public static bool IsSupported => Avx512F.IsSupported && BFloat16Gemm.IsHardwareAccelerated;

    /// <summary>
    /// Whether the processor's own products can read a right factor: pairs must lie side by side at even addresses, or one above the other.
    /// </summary>
    private static bool Takes(BFloat16View b) => IsSupported && (b.Column == 1 || (b.Row == 1 && b.Column % 2 == 0));

    /// <summary>c = a b, or c += a b; with a bias, a b + bias in every row.</summary>
    /// <param name="a">[rows, inner], one of its strides being 1, and so for <paramref name="b"/></param>
    /// <param name="b">[inner, columns]</param>
    /// <param name="c">[rows, columns], row-major, <paramref name="stride"/> apart</param>
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
    )
    {
        if (!Takes(b))
        {
            MatrixProduct.Multiply(a, b, c, stride, rows, columns, inner, bias, add);
            return;
        }

        var work = (long)rows * columns * inner / 32;
        var product = new Product(a, b, c, stride, rows, columns, inner, bias, add);
        var panels = (columns + Panel - 1) / Panel;
        if (a.Column == 1 && inner > 1)
        {
            var blocks = (rows + RowBlock - 1) / RowBlock;
            ParallelLoop.For(panels * blocks, work, item => product.Columns(item % panels, item / panels * RowBlock));
            return;
        }

        var right = (nint)MatrixProduct.Room(ref _panels, (long)panels * Panel * product.Steps);
        ParallelLoop.For(
            panels,
            (long)inner * columns,
            panel => product.PackRight(panel * Panel, 0, product.Steps, (float*)right + (long)panel * Panel * product.Steps)
        );
        var block = (rows < 1024 || inner > 4096 ? 3 : 6) * Square;
        ParallelLoop.For(
            (rows + block - 1) / block,
            work,
            item => product.Rows(item * block, Math.Min(block, rows - item * block), (float*)right)
        );
    }

    /// <summary>A product's operands, for its parts.</summary>
    private sealed partial class Product(
        BFloat16View a,
        BFloat16View b,
        ushort* c,
        long stride,
        int rows,
        int columns,
        int inner,
        ushort* bias,
        bool add
    )
    {
        /// <summary>Pairs along the inner dimension; the last one's second number may be missing, and counts as zero.</summary>
        public int Steps { get; } = (inner + 1) / 2;

        /// <summary>One panel of columns, for a block of rows, whose left factor is read as it lies.</summary>
        public void Columns(int panel, int first)
        {
            var count = Math.Min(RowBlock, rows - first);
            var right = MatrixProduct.Room(ref _panels, (long)Math.Min(Depth, Steps) * Panel);
            var sums = MatrixProduct.Room(ref _sums, (long)(RowBlock + TileRows) * Panel);
            for (var start = 0; start < Steps; start += Depth)
            {
                var depth = Math.Min(Depth, Steps - start);
                PackRight(panel * Panel, start, depth, right);
                // Two workers take turns with the panels, so this one's next is the second from here.
                var ahead = start + depth < Steps ? Ahead(panel, start + depth) : Ahead(panel + 2, 0);
                Tiles(
                    a.Start + first * a.Row + 2L * start,
                    a.Row * sizeof(ushort),
                    count,
                    right,
                    depth,
                    sums,
                    start,
                    first,
                    panel * Panel,
                    ahead
                );
            }
        }

        /// <summary>A block of rows, for all columns.</summary>
        /// <param name="right">All panels, [panel][steps][64].</param>
        public void Rows(int first, int count, float* right)
        {
            // A line more, so that rows do not lie whole pages apart.
            var length = (Steps + Square - 1) / Square * Square + Square;
            var left = MatrixProduct.Room(ref _left, (long)(count + Square) * length);
            var sums = MatrixProduct.Room(ref _sums, (long)(RowBlock + TileRows) * Panel);
            PackLeft(first, count, left, length);
            for (var column = 0; column < columns; column += Panel)
            {
                for (var start = 0; start < Steps; start += Depth)
                {
                    var panel = right + (long)column * Steps + (long)start * Panel;
                    Tiles(
                        (ushort*)(left + start),
                        length * sizeof(float),
                        count,
                        panel,
                        Math.Min(Depth, Steps - start),
                        sums,
                        start,
                        first,
                        column,
                        default
                    );
                }
            }
        }

        /// <summary>Sums of a stretch of the inner dimension, added to those before; with the last stretch they are stored.</summary>
        /// <param name="left">Where its first pair of the first row lies.</param>
        /// <param name="bytes">From row to row of <paramref name="left"/>.</param>
        /// <param name="ahead">What is packed next, fetched meanwhile.</param>
        private void Tiles(
            ushort* left,
            long bytes,
            int count,
            float* right,
            int depth,
            float* sums,
            int start,
            int first,
            int column,
            Lines ahead
        )
        {
            var isLast = start + depth == Steps;
            // A last number without a partner is multiplied apart: what lies beyond it may be anything.
            var isOdd = isLast && inner % 2 == 1 && a.Column == 1;
            var share = ahead.Count / ((count + TileRows - 1) / TileRows) + 1;
            var room = stackalloc float[TileRows * Panel];
            var more = stackalloc float[TileRows * Panel];
            var words = stackalloc uint[TileRows];
            for (var row = 0; row < count; row += TileRows)
            {
                var some = Math.Min(TileRows, count - row);
                var before = sums + (long)row * Panel;
                var tile = start == 0 && !isLast ? before : room;
                var from = (byte*)left + row * bytes;
                ahead.Fetch(share);
                if (isLast)
                {
                    FetchTarget(first + row, some, column);
                }

                if (!isOdd || depth > 1)
                {
                    BFloat16Gemm.Tile(from, (nint)bytes, some, right, isOdd ? depth - 1 : depth, tile);
                }

                if (isOdd)
                {
                    ReadLast(from, bytes, some, depth, words);
                    BFloat16Gemm.Tile(words, sizeof(uint), some, right + (depth - 1L) * Panel, 1, depth > 1 ? more : tile);
                    AddTo(tile, more, depth > 1 ? some : 0);
                }

                if (!isLast)
                {
                    AddTo(before, tile, start == 0 ? 0 : some);
                }
                else
                {
                    Finish(start == 0 ? null : before, tile, first + row, some, column);
                }
            }
        }

        /// <summary>Each row's last number, with zero for its partner.</summary>
        private static void ReadLast(byte* from, long bytes, int rows, int depth, uint* words)
        {
            for (var r = 0; r < rows; r++)
            {
                words[r] = ((ushort*)(from + r * bytes))[2 * depth - 2];
            }
        }

        private static void AddTo(float* sums, float* more, int rows)
        {
            for (var i = 0; i < rows * Panel; i += Square)
            {
                (Vector512.Load(sums + i) + Vector512.Load(more + i)).Store(sums + i);
            }
        }

        /// <summary>The lines that a tile is stored to: they arrive while it is computed.</summary>
        private void FetchTarget(int row, int count, int column)
        {
            for (var r = 0; r < count; r++)
            {
                var to = c + (row + r) * stride + column;
                Sse.Prefetch0(to);
                Sse.Prefetch0(to + Line / sizeof(ushort));
            }
        }

        /// <summary>Stores before + tile.</summary>
        /// <param name="before">Null for 0.</param>
        private void Finish(float* before, float* tile, int row, int count, int column)
        {
            var width = Math.Min(Panel, columns - column);
            for (var r = 0; r < count; r++, tile += Panel, before += before is null ? 0 : Panel)
            {
                var to = (row + r) * stride + column;
                var j = 0;
                for (; j + Square <= width; j += Square)
                {
                    var sum = before is null ? Vector512.Load(tile + j) : Vector512.Load(before + j) + Vector512.Load(tile + j);
                    sum = bias is null ? sum : sum + BFloat16Element.Load(bias, column + j);
                    BFloat16Element.Store(c, to + j, add ? sum + BFloat16Element.Load(c, to + j) : sum);
                }

                for (; j < width; j++)
                {
                    var sum =
                        (before is null ? tile[j] : before[j] + tile[j]) + (bias is null ? 0 : BFloat16Element.LoadOne(bias, column + j));
                    BFloat16Element.StoreOne(c, to + j, add ? sum + BFloat16Element.LoadOne(c, to + j) : sum);
                }
            }
        }
    }
}
