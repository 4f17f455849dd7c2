using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>
/// Reads row-major weights as the 32-bit words of a packed panel (a float, or two bfloat16 of neighbouring inputs) and turns them
/// 16 rows by 16 steps at a time, so that both memory streams are read and written in whole cache lines.
/// </summary>
internal readonly unsafe struct PackingTile(void* weights, KernelType given, KernelType wanted, int inputs)
{
    internal const int Side = 16;

    private readonly int _inputsPerStep = wanted == KernelType.F32 ? 1 : 2;

    /// <summary>Steps that fill whole tiles.</summary>
    internal int WholeSteps => inputs / (_inputsPerStep * Side) * Side;

    /// <summary>One word: the weights of a step in a row. An input beyond the last counts as zero.</summary>
    internal uint Word(int row, int step)
    {
        var first = (long)row * inputs + (long)step * _inputsPerStep;
        return wanted == KernelType.F32
            ? given == KernelType.F32
                ? ((uint*)weights)[first]
                : (uint)((ushort*)weights)[first] << 16
            : Rounded(first) | (step * 2 + 1 < inputs ? (uint)Rounded(first + 1) << 16 : 0);
    }

    /// <summary>Turns all whole tiles of 16 rows.</summary>
    /// <param name="target">[steps][64], at the column of the first row</param>
    internal void Transpose(int firstRow, float* target)
    {
        var room = stackalloc float[Side * Side + Side];
        var square = (float*)(((nint)room + 63) & ~(nint)63);
        for (var step = 0; step < WholeSteps; step += Side)
        {
            for (var row = 0; row < Side; row++)
            {
                Words(firstRow + row, step).Store(square + row * Side);
            }

            SquareTranspose.Run(square, Side, target + (long)step * PackedMatrix.Panel, PackedMatrix.Panel);
        }
    }

    private ushort Rounded(long index) => given == KernelType.F32 ? BFloat16.Round(((float*)weights)[index]) : ((ushort*)weights)[index];

    private Vector512<float> Words(int row, int step)
    {
        var first = (long)row * inputs + (long)step * _inputsPerStep;
        if (given == KernelType.F32)
        {
            var floats = (float*)weights + first;
            return wanted == KernelType.F32
                ? Vector512.Load(floats)
                : Vector512
                    .Narrow(BFloat16.RoundedBits(Vector512.Load(floats)), BFloat16.RoundedBits(Vector512.Load(floats + Side)))
                    .AsSingle();
        }

        var halves = (ushort*)weights + first;
        return wanted == KernelType.BF16 ? Vector512.Load(halves).AsSingle() : BFloat16Element.Load(halves, 0);
    }
}
