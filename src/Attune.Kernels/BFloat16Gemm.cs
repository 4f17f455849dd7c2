using System.Numerics;

namespace Attune.Kernels;

/// <summary>
/// The tile kernel on bfloat16 activations and weights, summed in 32 bits, two inputs a step. Where the processor multiplies
/// bfloat16 itself (AVX512_BF16), by <see cref="DotProductCode"/>; elsewhere both are widened in registers.
/// </summary>
internal static unsafe class BFloat16Gemm
{
    private const int Panel = PackedMatrix.Panel;
    private const uint UpperHalf = 0xFFFF_0000;

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
            PortableTile(activations, stride, rows, panel, steps, tile);
        }
    }

    /// <summary>The same on rows of pairs that lie any number of bytes apart, where the processor's own products are used.</summary>
    internal static void Tile(void* activations, nint bytes, int rows, float* panel, int steps, float* tile) =>
        Code!.Run((float*)activations, bytes, rows, panel, steps, tile, default);

    /// <summary>The same on vectors of the machine's own width.</summary>
    internal static void PortableTile(float* activations, int stride, int rows, float* panel, int steps, float* tile)
    {
        var width = Vector<float>.Count;
        for (var row = 0; row < rows; row++)
        {
            var pairs = (uint*)(activations + (long)row * stride);
            for (var column = 0; column < Panel; column += 4 * width)
            {
                Vector<float> s0 = default,
                    s1 = default,
                    s2 = default,
                    s3 = default;
                var weights = (uint*)panel + column;
                for (var step = 0; step < steps; step++, weights += Panel)
                {
                    var even = new Vector<float>(BitConverter.UInt32BitsToSingle(pairs[step] << 16));
                    var odd = new Vector<float>(BitConverter.UInt32BitsToSingle(pairs[step] & UpperHalf));
                    s0 = Add(even, odd, Vector.Load(weights), s0);
                    s1 = Add(even, odd, Vector.Load(weights + width), s1);
                    s2 = Add(even, odd, Vector.Load(weights + 2 * width), s2);
                    s3 = Add(even, odd, Vector.Load(weights + 3 * width), s3);
                }

                var target = tile + row * Panel + column;
                s0.Store(target);
                s1.Store(target + width);
                s2.Store(target + 2 * width);
                s3.Store(target + 3 * width);
            }
        }
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Add(Vector<float> even, Vector<float> odd, Vector<uint> pair, Vector<float> sum)
    {
        sum = Vector.FusedMultiplyAdd(odd, Vector.AsVectorSingle(pair & new Vector<uint>(UpperHalf)), sum);
        return Vector.FusedMultiplyAdd(even, Vector.AsVectorSingle(Vector.ShiftLeft(pair, 16)), sum);
    }
}
