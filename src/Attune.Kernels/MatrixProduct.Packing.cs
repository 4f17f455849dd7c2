using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>How operands are brought into the order that the tiles read.</summary>
public static unsafe partial class MatrixProduct
{
    /// <summary>Sixteen by sixteen: target[j][i] = source[i][j].</summary>
    /// <param name="count">Columns of the source that exist, at most 16; the others become zeros.</param>
    private static void Transpose(float* source, long sourceStride, int rows, int count, float* target, long targetStride)
    {
        for (var j = 0; j < count; j++)
        {
            for (var i = 0; i < rows; i++)
            {
                target[j * targetStride + i] = source[i * sourceStride + j];
            }
        }
    }

    private sealed partial class Product
    {
        /// <summary>
        /// [depth][64] from the right factor; columns that it does not have stay what they were, and their sums are not used.
        /// </summary>
        public void PackRight(int column, int start, int depth, float* panel)
        {
            var width = Math.Min(Panel, columns - column);
            if (b.Column == 1)
            {
                for (var k = 0; k < depth; k++)
                {
                    Unsafe.CopyBlockUnaligned(
                        panel + (long)k * Panel,
                        b.Start + (start + k) * b.Row + column,
                        (uint)(width * sizeof(float))
                    );
                }

                return;
            }

            for (var j = 0; j < width; j += 16)
            {
                for (var k = 0; k < depth; k += 16)
                {
                    var source = b.Start + (column + j) * b.Column + start + k;
                    var target = panel + (long)k * Panel + j;
                    if (j + 16 <= width && k + 16 <= depth)
                    {
                        SquareTranspose.Run(source, b.Column, target, Panel);
                    }
                    else
                    {
                        Transpose(source, b.Column, Math.Min(16, width - j), Math.Min(16, depth - k), target, Panel);
                    }
                }
            }
        }

        /// <summary>[depth][6] from a left factor that runs along its columns.</summary>
        private void PackLeft(int row, int count, int start, int depth, float* packed)
        {
            var source = a.Start + start * a.Column + row;
            // Eight numbers at a time, of which the next row overwrites the last two; not where those lie beyond the matrix.
            var isWide = row + 8 <= rows;
            for (var k = 0; k < depth; k++, source += a.Column, packed += TileRows)
            {
                if (isWide)
                {
                    Vector256.Load(source).Store(packed);
                    continue;
                }

                for (var r = 0; r < count; r++)
                {
                    packed[r] = source[r];
                }
            }
        }
    }
}
