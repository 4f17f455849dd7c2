using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Attune.Kernels;

/// <summary>How operands are brought into the order that the tiles read.</summary>
public static unsafe partial class BFloat16Product
{
    /// <summary>
    /// Sixteen words of two numbers: those at <paramref name="even"/> below, those at <paramref name="odd"/> above, or zeros.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Pair(ushort* even, ushort* odd)
    {
        var low = Avx512F.ConvertToVector512UInt32(Vector256.Load(even));
        return odd is null ? low : low | (Avx512F.ConvertToVector512UInt32(Vector256.Load(odd)) << 16);
    }

    /// <summary>
    /// Lines of memory that will be read soon: <paramref name="runs"/> of so many bytes, <paramref name="stride"/> bytes apart.
    /// </summary>
    private struct Lines(byte* from, long stride, int runs, int bytes)
    {
        private readonly int _perRun = (bytes + Line - 1) / Line;
        private int _run,
            _line;

        public readonly int Count => runs * _perRun;

        /// <summary>
        /// Asks for the next lines. The weights of a product come from memory, whose delay would cost as much as a third of it.
        /// </summary>
        public void Fetch(int count)
        {
            for (; count > 0 && _run < runs; count--)
            {
                Sse.Prefetch1(from + _run * stride + (long)_line * Line);
                if (++_line == _perRun)
                {
                    (_run, _line) = (_run + 1, 0);
                }
            }
        }
    }

    private sealed partial class Product
    {
        /// <summary>Where <see cref="PackRight"/> will read; nothing beyond the last panel.</summary>
        private Lines Ahead(int panel, int start)
        {
            var column = panel * Panel;
            if (column >= columns)
            {
                return default;
            }

            var (numbers, width) = (2 * Math.Min(Depth, Steps - start), Math.Min(Panel, columns - column));
            var from = (byte*)(b.Start + column * b.Column + 2L * start * b.Row);
            return b.Column == 1
                ? new Lines(from, b.Row * sizeof(ushort), Math.Min(numbers, inner - 2 * start), width * sizeof(ushort))
                : new Lines(from, b.Column * sizeof(ushort), width, numbers * sizeof(ushort));
        }

        /// <summary>
        /// [depth][64] words from the right factor; columns that it does not have stay what they were, and their sums are not used.
        /// </summary>
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
