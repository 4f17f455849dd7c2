using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Attune.Numerics.Kernels;

/// <summary>A bfloat16 matrix in memory, any way round: element (i, j) lies at Start + i * Row + j * Column.</summary>
public readonly unsafe record struct HalfView(nint Address, long Row, long Column)
{
    public HalfView(void* start, long row, long column) : this((nint)start, row, column) { }

    public ushort* Start => (ushort*)Address;
}

/// <summary>
/// Products of bfloat16 matrices for training, on libtorch's threads: <see cref="MatrixProduct"/> with the processor's own bfloat16 products, sums
/// in float32, each rounded once. libtorch's product reorders its weights at every call, which costs half of the time where activations have
/// some hundred rows. The order of each sum depends on the shapes alone. Needs <see cref="IsSupported"/>.
/// </summary>
public static unsafe class HalfProduct
{
    private const int TileRows = Gemm.TileRows;
    private const int Panel = PackedMatrix.Panel;
    private const int Square = 16;

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

    /// <summary>Whether a right factor is one that <see cref="Multiply"/> reads: pairs must lie side by side at even addresses, or one above the other.</summary>
    public static bool Takes(HalfView b) => IsSupported && (b.Column == 1 || (b.Row == 1 && b.Column % 2 == 0));

    /// <summary>c = a b, or c += a b; with a bias, a b + bias in every row.</summary>
    /// <param name="a">[rows, inner], one of its strides being 1, and so for <paramref name="b"/></param>
    /// <param name="b">[inner, columns]</param>
    /// <param name="c">[rows, columns], row-major, <paramref name="stride"/> apart</param>
    public static void Multiply(HalfView a, HalfView b, ushort* c, long stride, int rows, int columns, int inner, ushort* bias = null, bool add = false)
    {
        var work = (long)rows * columns * inner / 32;
        var product = new Product(a, b, c, stride, rows, columns, inner, bias, add);
        var panels = (columns + Panel - 1) / Panel;
        if (a.Column == 1 && inner > 1)
        {
            var blocks = (rows + RowBlock - 1) / RowBlock;
            TorchThreads.For(panels * blocks, work, item => product.Columns(item % panels, item / panels * RowBlock));
            return;
        }

        var right = (nint)MatrixProduct.Room(ref _panels, (long)panels * Panel * product.Steps);
        TorchThreads.For(panels, (long)inner * columns, panel => product.PackRight(panel * Panel, 0, product.Steps, (float*)right + (long)panel * Panel * product.Steps));
        var block = (rows < 1024 || inner > 4096 ? 3 : 6) * Square;
        TorchThreads.For((rows + block - 1) / block, work, item => product.Rows(item * block, Math.Min(block, rows - item * block), (float*)right));
    }

    /// <summary>Sixteen words of two numbers: those at <paramref name="even"/> below, those at <paramref name="odd"/> above, or zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Pair(ushort* even, ushort* odd)
    {
        var low = Avx512F.ConvertToVector512UInt32(Vector256.Load(even));
        return odd is null ? low : low | (Avx512F.ConvertToVector512UInt32(Vector256.Load(odd)) << 16);
    }

    /// <summary>A product's operands, for its parts.</summary>
    private sealed class Product(HalfView a, HalfView b, ushort* c, long stride, int rows, int columns, int inner, ushort* bias, bool add)
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
                Tiles(a.Start + first * a.Row + 2L * start, a.Row * sizeof(ushort), count, right, depth, sums, start, first, panel * Panel);
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
                    Tiles((ushort*)(left + start), length * sizeof(float), count, panel, Math.Min(Depth, Steps - start), sums, start, first, column);
                }
            }
        }

        /// <summary>Sums of a stretch of the inner dimension, added to those before; the last stretch's are stored.</summary>
        /// <param name="left">Where its first pair of the first row lies.</param>
        /// <param name="bytes">From row to row of <paramref name="left"/>.</param>
        private void Tiles(ushort* left, long bytes, int count, float* right, int depth, float* sums, int start, int first, int column)
        {
            var isLast = start + depth == Steps;
            // A last number without a partner is multiplied apart: what lies beyond it may be anything.
            var isOdd = isLast && inner % 2 == 1 && a.Column == 1;
            var tile = stackalloc float[TileRows * Panel];
            var words = stackalloc uint[TileRows];
            for (var row = 0; row < count; row += TileRows)
            {
                var some = Math.Min(TileRows, count - row);
                var all = sums + (long)row * Panel;
                var from = (byte*)left + row * bytes;
                if (!isOdd || depth > 1)
                {
                    BFloat16Gemm.Tile(from, (nint)bytes, some, right, isOdd ? depth - 1 : depth, start == 0 ? all : tile);
                    AddTo(all, tile, start == 0 ? 0 : some);
                }

                if (isOdd)
                {
                    for (var r = 0; r < some; r++)
                    {
                        words[r] = ((ushort*)(from + r * bytes))[2 * depth - 2];
                    }

                    BFloat16Gemm.Tile(words, sizeof(uint), some, right + (depth - 1L) * Panel, 1, tile);
                    AddTo(all, tile, some);
                }

                if (isLast)
                {
                    Finish(all, first + row, some, column);
                }
            }
        }

        private static void AddTo(float* sums, float* more, int rows)
        {
            for (var i = 0; i < rows * Panel; i += Square)
            {
                (Vector512.Load(sums + i) + Vector512.Load(more + i)).Store(sums + i);
            }
        }

        private void Finish(float* tile, int row, int count, int column)
        {
            var width = Math.Min(Panel, columns - column);
            for (var r = 0; r < count; r++)
            {
                var from = tile + r * Panel;
                var to = (row + r) * stride + column;
                var j = 0;
                for (; j + Square <= width; j += Square)
                {
                    var sum = Vector512.Load(from + j);
                    sum = bias is null ? sum : sum + HalfElement.Load(bias, column + j);
                    HalfElement.Store(c, to + j, add ? sum + HalfElement.Load(c, to + j) : sum);
                }

                for (; j < width; j++)
                {
                    var sum = from[j] + (bias is null ? 0 : HalfElement.LoadOne(bias, column + j));
                    HalfElement.StoreOne(c, to + j, add ? sum + HalfElement.LoadOne(c, to + j) : sum);
                }
            }
        }

        /// <summary>[depth][64] words from the right factor; columns that it does not have stay what they were, and their sums are not used.</summary>
        public void PackRight(int column, int start, int depth, float* panel)
        {
            var width = Math.Min(Panel, columns - column);
            if (b.Column != 1)
            {
                Turn(column, start, depth, width, panel);
                return;
            }

            for (var step = start; step < start + depth; step++, panel += Panel)
            {
                var even = b.Start + 2L * step * b.Row + column;
                var odd = 2 * step + 1 < inner ? even + b.Row : null;
                var j = 0;
                for (; j + Square <= width; j += Square)
                {
                    Pair(even + j, odd is null ? null : odd + j).AsSingle().Store(panel + j);
                }

                for (; j < width; j++)
                {
                    ((uint*)panel)[j] = even[j] | (odd is null ? 0u : (uint)odd[j] << 16);
                }
            }
        }

        /// <summary>From a right factor whose pairs lie side by side, as a weight's do: its words are turned.</summary>
        private void Turn(int column, int start, int depth, int width, float* panel)
        {
            var words = (float*)(b.Start + column * b.Column) + start;
            var length = b.Column / 2;
            for (var j = 0; j < width; j += Square)
            {
                for (var k = 0; k < depth; k += Square)
                {
                    var source = words + j * length + k;
                    var target = panel + (long)k * Panel + j;
                    if (j + Square <= width && k + Square <= depth)
                    {
                        SquareTranspose.Run(source, length, target, Panel);
                        continue;
                    }

                    for (var r = 0; r < Math.Min(Square, width - j); r++)
                    {
                        for (var s = 0; s < Math.Min(Square, depth - k); s++)
                        {
                            // As bits: a pair of numbers need not be a number.
                            ((uint*)target)[s * Panel + r] = ((uint*)source)[r * length + s];
                        }
                    }
                }
            }
        }

        /// <summary>Rows of words from a left factor that runs along its columns (the gradient of a weight).</summary>
        private void PackLeft(int first, int count, float* left, int length)
        {
            var room = stackalloc float[Square * Square + Square];
            var words = (float*)(((nint)room + 63) & ~(nint)63);
            for (var row = 0; row < count; row += Square)
            {
                var isWide = a.Row == 1 && first + row + Square <= rows;
                for (var step = 0; step < Steps; step += Square)
                {
                    for (var s = 0; s < Square; s++)
                    {
                        Words(first + row, step + s, isWide, words + s * Square);
                    }

                    SquareTranspose.Run(words, Square, left + (long)row * length + step, length);
                }
            }
        }

        /// <summary>The words of a step in sixteen rows; zeros for rows and steps that do not exist.</summary>
        private void Words(int row, int step, bool isWide, float* target)
        {
            var even = a.Start + row * a.Row + 2L * step * a.Column;
            if (step >= Steps)
            {
                Vector512<float>.Zero.Store(target);
            }
            else if (isWide)
            {
                Pair(even, 2 * step + 1 < inner ? even + a.Column : null).AsSingle().Store(target);
            }
            else
            {
                for (var r = 0; r < Square; r++, even += a.Row)
                {
                    ((uint*)target)[r] = row + r >= rows ? 0 : even[0] | (2 * step + 1 < inner ? (uint)even[a.Column] << 16 : 0u);
                }
            }
        }
    }
}
