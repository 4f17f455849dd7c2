using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>How operands are brought into the order that the tiles read.</summary>
public static unsafe partial class MatrixProduct
{
    private const int Square = 16;

    private sealed partial class Product<T>
    {
        /// <summary>
        /// [strip][depth][columns of a strip] from the right factor; columns that it does not have stay what they were, and their sums are
        /// not used.
        /// </summary>
        public void PackRight(int column, int start, int depth, float* panel)
        {
            var width = Math.Min(Panel, columns - column);
            for (var first = 0; first < width; first += Strip)
            {
                var strip = panel + (long)first * depth;
                var some = Math.Min(Strip, width - first);
                if (b.Column == 1)
                {
                    for (var k = 0; k < depth; k++)
                    {
                        Copy((start + k) * b.Row + column + first, some, strip + (long)k * Strip);
                    }
                }
                else
                {
                    Turn(column + first, some, start, depth, strip);
                }
            }
        }

        /// <summary>Numbers of the right factor that lie side by side.</summary>
        private void Copy(long from, int count, float* target)
        {
            var source = (void*)b.Address;
            if (IsExact)
            {
                Unsafe.CopyBlockUnaligned(target, (float*)source + from, (uint)(count * sizeof(float)));
            }
            else
            {
                BFloat16.Widen((ushort*)source + from, target, count);
            }
        }

        /// <summary>A strip of a right factor that runs along its columns, square by square.</summary>
        private void Turn(int column, int width, int start, int depth, float* strip)
        {
            var source = (void*)b.Address;
            var square = stackalloc float[Square * Square];
            for (var j = 0; j < width; j += Square)
            {
                for (var k = 0; k < depth; k += Square)
                {
                    var from = (column + j) * b.Column + start + k;
                    var target = strip + (long)k * Strip + j;
                    var (some, deep) = (Math.Min(Square, width - j), Math.Min(Square, depth - k));
                    if (some < Square || deep < Square)
                    {
                        TurnPart(source, from, some, deep, target);
                    }
                    else if (IsExact)
                    {
                        SquareTranspose.Run((float*)source + from, b.Column, target, Strip);
                    }
                    else
                    {
                        for (var i = 0; i < Square; i++)
                        {
                            T.Load(source, from + i * b.Column).Store(square + i * Square);
                        }

                        SquareTranspose.Run(square, Square, target, Strip);
                    }
                }
            }
        }

        private void TurnPart(void* source, long from, int some, int deep, float* target)
        {
            for (var k = 0; k < deep; k++)
            {
                for (var j = 0; j < some; j++)
                {
                    target[k * Strip + j] = T.LoadOne(source, from + j * b.Column + k);
                }
            }
        }

        /// <summary>Where a block of the left factor, whose rows run on, can be read, and how far its rows lie apart.</summary>
        private (nint Left, long Row) Left(int first, int count, int start, int depth)
        {
            if (IsExact)
            {
                return ((nint)(a.Start + first * a.Row + start), a.Row);
            }

            var left = Room(ref _left, (long)RowBlock * Depth);
            for (var row = 0; row < count; row++)
            {
                BFloat16.Widen((ushort*)a.Address + (first + row) * a.Row + start, left + (long)row * depth, depth);
            }

            return ((nint)left, depth);
        }

        /// <summary>[depth][6] from a left factor that runs along its columns.</summary>
        private void PackLeft(int row, int count, int start, int depth, float* packed)
        {
            var source = (void*)a.Address;
            var from = start * a.Column + row;
            // Eight numbers at a time, of which the next row overwrites the last two; not where those lie beyond the matrix.
            var isWide = row + 8 <= rows;
            for (var k = 0; k < depth; k++, from += a.Column, packed += TileRows)
            {
                if (isWide)
                {
                    (IsExact ? Vector256.Load((float*)source + from) : BFloat16.Eight((ushort*)source + from)).Store(packed);
                    continue;
                }

                for (var r = 0; r < count; r++)
                {
                    packed[r] = T.LoadOne(source, from + r);
                }
            }
        }
    }
}
