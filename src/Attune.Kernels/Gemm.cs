using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Attune.Kernels;

/// <summary>What is done with a finished tile of a product: add a bias, apply an activation, store.</summary>
public unsafe interface ITileEpilogue
{
    /// <param name="tile">[rows][64], the sums of one panel</param>
    /// <param name="firstRow">The tile's first row in the product.</param>
    /// <param name="panel">The panel it belongs to.</param>
    void Finish(float* tile, int firstRow, int rows, int panel);
}

/// <summary>
/// Products of activations with packed weights. The inner kernel keeps 6 x 64 sums in registers, in 32 bits. Each sum is
/// accumulated over the inputs in order, whatever the number of rows and threads: a row's result does not depend on the rows
/// computed beside it.
/// </summary>
public static unsafe class Gemm
{
    /// <summary>Rows of a tile: 6 x 4 sums, 4 weights and a broadcast input fill 29 of 32 registers.</summary>
    public const int TileRows = 6;

    private const int Panel = PackedMatrix.Panel;

    // Cache lines of a panel that one step of the kernel reads.
    private const int LinesPerStep = 4;
    private const int FloatsPerLine = 16;

    /// <summary>
    /// The part of activations * weights that falls to one worker. Tiles are dealt out panel by panel in equal stretches. While a
    /// panel is multiplied, the next is fetched from memory, also across matrices: else memory and arithmetic would take turns.
    /// </summary>
    /// <param name="activations">[rows][stride]; for bfloat16 weights each row holds bfloat16 in its first half
    /// (<see cref="BFloat16.Round(float*, ushort*, int)"/>).</param>
    /// <param name="stride">Floats from row to row.</param>
    /// <param name="then">Weights that will be wanted next; null if unknown.</param>
    public static void Multiply<TEpilogue>(
        float* activations,
        int stride,
        int rows,
        PackedMatrix weights,
        in TEpilogue epilogue,
        int worker,
        int workers,
        PackedMatrix? then = null
    )
        where TEpilogue : struct, ITileEpilogue
    {
        var room = stackalloc float[TileRows * Panel + FloatsPerLine];
        var tile = (float*)(((nint)room + 63) & ~(nint)63);
        var tiles = (rows + TileRows - 1) / TileRows;
        var items = (long)tiles * weights.Panels;
        var end = items * (worker + 1) / workers;
        var lines =
            tiles == 1 ? LinesPerStep
            : tiles < LinesPerStep ? 2
            : 1;
        for (var item = items * worker / workers; item < end; item++)
        {
            var (panel, step) = ((int)(item / tiles), (int)(item % tiles));
            var first = (int)((long)step * rows / tiles);
            var count = (int)((long)(step + 1) * rows / tiles) - first;
            var ahead = step * lines < LinesPerStep ? Next(weights, panel, (int)((end - 1) / tiles), then, worker, workers) : null;
            var fetch = ahead is null ? default : new Fetch(ahead + (long)step * lines * FloatsPerLine * weights.Steps, lines);
            Tile(activations + (long)first * stride, stride, count, weights, panel, tile, fetch);
            epilogue.Finish(tile, first, count, panel);
        }
    }

    /// <summary>The product of up to 6 rows with one panel.</summary>
    /// <param name="tile">[rows][64]</param>
    internal static void Tile(float* activations, int stride, int rows, PackedMatrix weights, int panel, float* tile, Fetch fetch)
    {
        if (weights.Type == KernelType.BF16)
        {
            BFloat16Gemm.Tile(activations, stride, rows, weights.PanelAt(panel), weights.Steps, tile, fetch);
        }
        else
        {
            Tile(activations, stride, rows, weights.PanelAt(panel), weights.Inputs, tile, fetch);
        }
    }

    /// <summary>The panel that this worker multiplies after the given one; null if there is none.</summary>
    private static float* Next(PackedMatrix weights, int panel, int last, PackedMatrix? then, int worker, int workers) =>
        panel < last ? weights.PanelAt(panel + 1)
        : then is null ? null
        : then.PanelAt((int)((long)then.Panels * worker / workers));

    /// <summary>tile[r][c] = sum over k of activations[r][k] * panel[k][c], for up to 6 rows.</summary>
    public static void Tile(float* activations, int stride, int rows, float* panel, int inputs, float* tile) =>
        Tile(activations, stride, rows, panel, inputs, tile, default);

    private static void Tile(float* activations, int stride, int rows, float* panel, int inputs, float* tile, Fetch fetch)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            switch (fetch.LinesPerStep)
            {
                case 0:
                    Wide<Lines0>(activations, stride, rows, panel, inputs, tile, fetch.From);
                    break;
                case 1:
                    Wide<Lines1>(activations, stride, rows, panel, inputs, tile, fetch.From);
                    break;
                case 2:
                    Wide<Lines2>(activations, stride, rows, panel, inputs, tile, fetch.From);
                    break;
                default:
                    Wide<Lines4>(activations, stride, rows, panel, inputs, tile, fetch.From);
                    break;
            }
        }
        else
        {
            PortableTile(activations, stride, rows, panel, inputs, tile);
        }
    }

    /// <summary>The same on vectors of the machine's own width, for processors without 512-bit registers.</summary>
    public static void PortableTile(float* activations, int stride, int rows, float* panel, int inputs, float* tile)
    {
        var width = Vector<float>.Count;
        for (var row = 0; row < rows; row += 2)
        {
            var upper = activations + (long)row * stride;
            var lower = row + 1 < rows ? upper + stride : upper;
            for (var column = 0; column < Panel; column += 4 * width)
            {
                Vector<float> u0 = default,
                    u1 = default,
                    u2 = default,
                    u3 = default,
                    l0 = default,
                    l1 = default,
                    l2 = default,
                    l3 = default;
                var weights = panel + column;
                for (var k = 0; k < inputs; k++, weights += Panel)
                {
                    var (w0, w1, w2, w3) = (
                        Vector.Load(weights),
                        Vector.Load(weights + width),
                        Vector.Load(weights + 2 * width),
                        Vector.Load(weights + 3 * width)
                    );
                    var (a, b) = (new Vector<float>(upper[k]), new Vector<float>(lower[k]));
                    (u0, u1) = (Vector.FusedMultiplyAdd(a, w0, u0), Vector.FusedMultiplyAdd(a, w1, u1));
                    (u2, u3) = (Vector.FusedMultiplyAdd(a, w2, u2), Vector.FusedMultiplyAdd(a, w3, u3));
                    (l0, l1) = (Vector.FusedMultiplyAdd(b, w0, l0), Vector.FusedMultiplyAdd(b, w1, l1));
                    (l2, l3) = (Vector.FusedMultiplyAdd(b, w2, l2), Vector.FusedMultiplyAdd(b, w3, l3));
                }

                StoreFour(tile + row * Panel + column, width, u0, u1, u2, u3);
                if (row + 1 < rows)
                {
                    StoreFour(tile + (row + 1) * Panel + column, width, l0, l1, l2, l3);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour(float* target, int width, Vector<float> a, Vector<float> b, Vector<float> c, Vector<float> d)
    {
        a.Store(target);
        b.Store(target + width);
        c.Store(target + 2 * width);
        d.Store(target + 3 * width);
    }

    private static void Wide<TLines>(float* activations, int stride, int rows, float* panel, int inputs, float* tile, float* fetch)
        where TLines : struct, ICount
    {
        switch (rows)
        {
            case 1:
                Wide<Rows1, TLines>(activations, stride, panel, inputs, tile, fetch);
                break;
            case 2:
                Wide<Rows2, TLines>(activations, stride, panel, inputs, tile, fetch);
                break;
            case 3:
                Wide<Rows3, TLines>(activations, stride, panel, inputs, tile, fetch);
                break;
            case 4:
                Wide<Rows4, TLines>(activations, stride, panel, inputs, tile, fetch);
                break;
            case 5:
                Wide<Rows5, TLines>(activations, stride, panel, inputs, tile, fetch);
                break;
            default:
                Wide<Rows6, TLines>(activations, stride, panel, inputs, tile, fetch);
                break;
        }
    }

    /// <summary>
    /// The kernel for a fixed number of rows and of lines to fetch: the comparisons with them are decided when the code is compiled.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide<TRows, TLines>(float* activations, int stride, float* panel, int inputs, float* tile, float* fetch)
        where TRows : struct, ICount
        where TLines : struct, ICount
    {
        Sums s0 = default,
            s1 = default,
            s2 = default,
            s3 = default,
            s4 = default,
            s5 = default;
        var a = activations;
        var (two, three) = ((nint)2 * stride, (nint)3 * stride);
        for (var k = 0; k < inputs; k++, a++, panel += Panel)
        {
            if (TLines.Count > 0)
            {
                Sse.Prefetch1(fetch);
            }
            if (TLines.Count > 1)
            {
                Sse.Prefetch1(fetch + FloatsPerLine);
            }
            if (TLines.Count > 2)
            {
                Sse.Prefetch1(fetch + 2 * FloatsPerLine);
            }
            if (TLines.Count > 3)
            {
                Sse.Prefetch1(fetch + 3 * FloatsPerLine);
            }
            fetch += TLines.Count * FloatsPerLine;
            var w0 = Vector512.Load(panel);
            var w1 = Vector512.Load(panel + 16);
            var w2 = Vector512.Load(panel + 32);
            var w3 = Vector512.Load(panel + 48);
            s0.Add(*a, w0, w1, w2, w3);
            if (TRows.Count > 1)
            {
                s1.Add(a[stride], w0, w1, w2, w3);
            }
            if (TRows.Count > 2)
            {
                s2.Add(a[two], w0, w1, w2, w3);
            }
            if (TRows.Count > 3)
            {
                s3.Add(a[three], w0, w1, w2, w3);
            }
            if (TRows.Count > 4)
            {
                s4.Add(a[2 * two], w0, w1, w2, w3);
            }
            if (TRows.Count > 5)
            {
                s5.Add(a[two + three], w0, w1, w2, w3);
            }
        }

        s0.Store(tile);
        if (TRows.Count > 1)
        {
            s1.Store(tile + Panel);
        }
        if (TRows.Count > 2)
        {
            s2.Store(tile + 2 * Panel);
        }
        if (TRows.Count > 3)
        {
            s3.Store(tile + 3 * Panel);
        }
        if (TRows.Count > 4)
        {
            s4.Store(tile + 4 * Panel);
        }
        if (TRows.Count > 5)
        {
            s5.Store(tile + 5 * Panel);
        }
    }

    /// <summary>The 64 sums of one row: four fields, so that the compiler keeps them in registers.</summary>
    private struct Sums
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

    private interface ICount
    {
        static abstract int Count { get; }
    }

    private readonly struct Rows1 : ICount
    {
        public static int Count => 1;
    }

    private readonly struct Rows2 : ICount
    {
        public static int Count => 2;
    }

    private readonly struct Rows3 : ICount
    {
        public static int Count => 3;
    }

    private readonly struct Rows4 : ICount
    {
        public static int Count => 4;
    }

    private readonly struct Rows5 : ICount
    {
        public static int Count => 5;
    }

    private readonly struct Rows6 : ICount
    {
        public static int Count => 6;
    }

    private readonly struct Lines0 : ICount
    {
        public static int Count => 0;
    }

    private readonly struct Lines1 : ICount
    {
        public static int Count => 1;
    }

    private readonly struct Lines2 : ICount
    {
        public static int Count => 2;
    }

    private readonly struct Lines4 : ICount
    {
        public static int Count => 4;
    }
}

/// <summary>What a kernel asks memory for while it computes.</summary>
/// <param name="LinesPerStep">0, 1, 2 or 4 cache lines at each step.</param>
internal readonly unsafe record struct Fetch(nint Address, int LinesPerStep)
{
    internal Fetch(float* from, int linesPerStep)
        : this((nint)from, linesPerStep) { }

    internal float* From => (float*)Address;
}
