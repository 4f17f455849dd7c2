using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>
/// Products with weights that stay in blocks of 8 or 4 bits (<see cref="PackedBlocks"/>). Activations are in 32 bits and are not quantised:
/// a weight becomes the 32-bit number that its block stands for, in registers, and is multiplied as <see cref="Gemm"/> multiplies it, in
/// the same order. The result has the bits of the 32-bit product with the decoded matrix. Few rows decode on the way; for more, a panel is
/// decoded once into the cache.
/// </summary>
internal static unsafe partial class BlockGemm
{
    private const int Panel = PackedMatrix.Panel;
    private const int PerWord = PackedBlocks.PerWord;
    private const int CacheLine = 64;

    /// <summary>Most rows whose sums stay in registers beside a block's scales.</summary>
    private const int DirectRows = 3;

    /// <summary>Up to so many rows, decoding anew for every three of them is faster than by way of memory.</summary>
    private const int FewRows = 12;

    // 2^112: the exponent of a 16-bit number counts from 112 less than that of a 32-bit one.
    private const float ScaleUp = 5.192296858534828e33f;

    // The sign and, 13 bits further up than in 16, exponent and digits.
    private const int SignAndDigits = unchecked((int)0x8FFF_E000);

    [ThreadStatic]
    private static NativeBuffer? _decoded;

    /// <summary>As <see cref="Gemm.Multiply"/>.</summary>
    internal static void Multiply<TEpilogue>(
        float* activations,
        int stride,
        int rows,
        PackedMatrix weights,
        in TEpilogue epilogue,
        int worker,
        int workers,
        PackedMatrix? then
    )
        where TEpilogue : struct, ITileEpilogue
    {
        var room = stackalloc float[Gemm.TileRows * Panel + CacheLine / sizeof(float)];
        var tile = (float*)(((nint)room + CacheLine - 1) & ~(nint)(CacheLine - 1));
        var isDirect = rows == 1 || (rows <= FewRows && Vector512.IsHardwareAccelerated);
        var most = isDirect ? DirectRows : Gemm.TileRows;
        var tiles = (rows + most - 1) / most;
        var items = (long)tiles * weights.Panels;
        var end = items * (worker + 1) / workers;
        float* panelInFull = null;
        for (var item = items * worker / workers; item < end; item++)
        {
            var (panel, step) = ((int)(item / tiles), (int)(item % tiles));
            var first = (int)((long)step * rows / tiles);
            var count = (int)((long)(step + 1) * rows / tiles) - first;
            var blocks = weights.Blocks!;
            var from = activations + (long)first * stride;
            if (isDirect)
            {
                var next = step > 0 ? null : Next(weights, panel, (int)((end - 1) / tiles), then, worker, workers);
                Tile(from, stride, count, blocks, panel, weights.Inputs, tile, next);
            }
            else
            {
                if (panelInFull is null || step == 0)
                {
                    panelInFull = MatrixProduct.Room(ref _decoded, (long)weights.Inputs * Panel);
                    Decode(blocks, panel, weights.Inputs, panelInFull);
                }

                Gemm.Tile(from, stride, count, panelInFull, weights.Inputs, tile);
            }

            epilogue.Finish(tile, first, count, panel);
        }
    }

    /// <summary>The panel that this worker multiplies after the given one; null if there is none.</summary>
    private static byte* Next(PackedMatrix weights, int panel, int last, PackedMatrix? then, int worker, int workers) =>
        panel < last ? (byte*)weights.PanelAt(panel + 1)
        : then is null ? null
        : (byte*)then.FirstPanel(worker, workers);

    /// <summary>The product of up to 3 rows (1 on narrow vectors) with one panel.</summary>
    /// <param name="tile">[rows][64]</param>
    /// <param name="next">The panel that is multiplied next, fetched meanwhile; null if unknown.</param>
    private static void Tile(float* activations, int stride, int rows, PackedBlocks weights, int panel, int inputs, float* tile, byte* next)
    {
        var from = weights.PanelAt(panel);
        if (Vector512.IsHardwareAccelerated)
        {
            // Without a next panel the same lines are asked for once more, which costs nothing: they are here.
            Wide(weights.Type, rows, activations, stride, from, inputs, tile, (next is null ? from : next) - from);
        }
        else
        {
            Portable<Gemm.Rows1>(weights.Type, activations, from, inputs, tile);
        }
    }

    /// <summary>A panel as 32-bit numbers.</summary>
    /// <param name="target">[inputs][64]</param>
    private static void Decode(PackedBlocks weights, int panel, int inputs, float* target)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Wide(weights.Type, 0, null, 0, weights.PanelAt(panel), inputs, target, 0);
        }
        else
        {
            Portable<Gemm.Rows0>(weights.Type, null, weights.PanelAt(panel), inputs, target);
        }
    }
}
