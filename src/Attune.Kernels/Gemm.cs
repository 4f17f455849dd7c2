using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>
/// Products of activations with packed weights. The inner kernel keeps 6 x 64 sums in registers, in 32 bits. Each sum is
/// accumulated over the inputs in order, whatever the number of rows and threads: a row's result does not depend on the rows
/// computed beside it. Weights in blocks go to <see cref="BlockGemm"/>.
/// </summary>
public static unsafe partial class Gemm
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
        if (weights.Blocks is not null)
        {
            BlockGemm.Multiply(activations, stride, rows, weights, epilogue, worker, workers, then);
            return;
        }

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
            var fetch = ahead is null ? default : new Prefetch(ahead + (long)step * lines * FloatsPerLine * weights.Steps, lines);
            Tile(activations + (long)first * stride, stride, count, weights, panel, tile, fetch);
            epilogue.Finish(tile, first, count, panel);
        }
    }

    /// <summary>The product of up to 6 rows with one panel.</summary>
    /// <param name="tile">[rows][64]</param>
    internal static void Tile(float* activations, int stride, int rows, PackedMatrix weights, int panel, float* tile, Prefetch fetch)
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
        : then.FirstPanel(worker, workers);

    /// <summary>tile[r][c] = sum over k of activations[r][k] * panel[k][c], for up to 6 rows.</summary>
    public static void Tile(float* activations, int stride, int rows, float* panel, int inputs, float* tile) =>
        Tile(activations, stride, rows, panel, inputs, tile, default);

    private static void Tile(float* activations, int stride, int rows, float* panel, int inputs, float* tile, Prefetch fetch)
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
            Strips<Float32Weights>(activations, stride, rows, panel, inputs, tile, fetch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreFour(float* target, int width, Vector<float> a, Vector<float> b, Vector<float> c, Vector<float> d)
    {
        a.Store(target);
        b.Store(target + width);
        c.Store(target + 2 * width);
        d.Store(target + 3 * width);
    }
}
