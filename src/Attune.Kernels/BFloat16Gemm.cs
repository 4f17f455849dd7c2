namespace Attune.Kernels;

/// <summary>
/// The tile kernel on bfloat16 activations and weights, summed in 32 bits, two inputs a step. Where the processor multiplies
/// bfloat16 itself (AVX512_BF16), by <see cref="DotProductCode"/>; elsewhere both are widened in registers.
/// </summary>
internal static unsafe class BFloat16Gemm
{
    [ThreadStatic]
    private static NativeBuffer? _widened;

    private static readonly DotProductCode? Code = DotProductCode.Create();

    /// <summary>Whether the processor's own bfloat16 products are used.</summary>
    internal static bool IsHardwareAccelerated => Code is not null;

    /// <param name="activations">[rows][stride floats], bfloat16 in the first half of each row</param>
    internal static void Tile(float* activations, int stride, int rows, float* panel, int steps, float* tile, Prefetch fetch)
    {
        if (Code is { } code)
        {
            code.Run(activations, (nint)stride * sizeof(float), rows, panel, steps, tile, fetch);
        }
        else
        {
            PortableTile(activations, stride, rows, panel, steps, tile, fetch);
        }
    }

    /// <summary>The same on rows of pairs that lie any number of bytes apart, where the processor's own products are used.</summary>
    internal static void Tile(void* activations, nint bytes, int rows, float* panel, int steps, float* tile) =>
        Code!.Run((float*)activations, bytes, rows, panel, steps, tile, default);

    /// <summary>The same without the processor's products: both are widened, in strips of 16 columns (<see cref="Gemm"/>).</summary>
    internal static void PortableTile(float* activations, int stride, int rows, float* panel, int steps, float* tile, Prefetch fetch)
    {
        var wide = MatrixProduct.Room(ref _widened, 2L * rows * steps);
        for (var row = 0; row < rows; row++)
        {
            BFloat16.Widen((ushort*)(activations + (long)row * stride), wide + 2L * row * steps, 2 * steps);
        }

        Gemm.Strips<Gemm.BFloat16Weights>(wide, 2 * steps, rows, panel, steps, tile, fetch);
    }
}
