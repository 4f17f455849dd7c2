using System.Runtime.Intrinsics;

namespace Attune.Kernels;

public static unsafe partial class MatrixProduct
{
    /// <summary>A product's operands, for its parts. All lie in memory as T.</summary>
    private sealed partial class Product<T>(
        MatrixView a,
        MatrixView b,
        void* c,
        long stride,
        int rows,
        int columns,
        int inner,
        void* bias,
        bool add
    )
        where T : struct, IElement
    {
        private static bool IsExact => typeof(T) == typeof(Float32Element);

        /// <summary>One panel of columns, for a block of rows.</summary>
        public void Columns(int panel, int first)
        {
            var count = Math.Min(RowBlock, rows - first);
            var right = Room(ref _panels, (long)Depth * Panel + TileRows * Panel);
            var tile = right + (long)Depth * Panel;
            var sums = IsExact ? null : Room(ref _sums, (long)RowBlock * Panel);
            var end = Math.Min(Panel, columns - panel * Panel);
            for (var start = 0; start < inner; start += Depth)
            {
                var depth = Math.Min(Depth, inner - start);
                PackRight(panel * Panel, start, depth, right);
                var (left, row) = Left(first, count, start, depth);
                for (var column = 0; column < end; column += Strip)
                {
                    for (var r = 0; r < count; r += TileRows)
                    {
                        var some = Math.Min(TileRows, count - r);
                        Tile((float*)left + r * row, (nint)row, 1, some, right + (long)column * depth, depth, tile);
                        Finish(tile, sums + (long)r * Panel + column, first + r, some, panel * Panel + column, start, depth);
                    }
                }
            }
        }

        /// <summary>A block of rows, for all columns.</summary>
        /// <param name="right">All panels, [panel][strip][inner][columns of a strip].</param>
        public void Rows(int first, int count, float* right)
        {
            var tiles = (count + TileRows - 1) / TileRows;
            var size = (long)TileRows * Math.Min(Depth, inner) + 16; // of a tile's copy, and a little room to overrun
            var left = Room(ref _left, tiles * size + TileRows * Panel);
            var tile = left + tiles * size;
            var sums = IsExact ? null : Room(ref _sums, (long)count * (columns + Panel));
            for (var start = 0; start < inner; start += Depth)
            {
                var depth = Math.Min(Depth, inner - start);
                for (var step = 0; step < tiles; step++)
                {
                    PackLeft(first + step * TileRows, Math.Min(TileRows, count - step * TileRows), start, depth, left + step * size);
                }

                for (var column = 0; column < columns; column += Strip)
                {
                    var strip = right + (long)column * inner + (long)start * Strip;
                    for (var step = 0; step < tiles; step++)
                    {
                        var some = Math.Min(TileRows, count - step * TileRows);
                        Tile(left + step * size, 1, TileRows, some, strip, depth, tile);
                        var before = sums + ((long)(column / Panel) * count + step * TileRows) * Panel + column % Panel;
                        Finish(tile, before, first + step * TileRows, some, column, start, depth);
                    }
                }
            }
        }

        /// <summary>Stores or adds a tile. Where c is rounded, its sums are kept in float32 until the last stretch.</summary>
        /// <param name="before">[rows][64]: the sums so far; not used where c is float32 itself.</param>
        private void Finish(float* tile, float* before, int row, int count, int column, int start, int depth)
        {
            var width = Math.Min(Strip, columns - column);
            var isFirst = start == 0;
            var isLast = start + depth == inner;
            for (var r = 0; r < count; r++, tile += Panel, before += Panel)
            {
                if (!IsExact && !isFirst)
                {
                    VectorMath.Add(tile, before, Strip);
                }

                if (!IsExact && !isLast)
                {
                    new ReadOnlySpan<float>(tile, Strip).CopyTo(new Span<float>(before, Strip));
                    continue;
                }

                StoreRow(tile, (row + r) * stride + column, column, width, add || (IsExact && !isFirst), isFirst || !IsExact);
            }
        }

        private void StoreRow(float* sums, long to, int column, int width, bool adds, bool hasBias)
        {
            var offset = hasBias ? bias : null;
            var j = 0;
            for (; j + 16 <= width; j += 16)
            {
                var sum = Vector512.Load(sums + j);
                sum = adds ? sum + T.Load(c, to + j) : sum;
                T.Store(c, to + j, offset is not null ? sum + T.Load(offset, column + j) : sum);
            }

            for (; j < width; j++)
            {
                var sum = sums[j] + (adds ? T.LoadOne(c, to + j) : 0);
                T.StoreOne(c, to + j, sum + (offset is not null ? T.LoadOne(offset, column + j) : 0));
            }
        }
    }
}
