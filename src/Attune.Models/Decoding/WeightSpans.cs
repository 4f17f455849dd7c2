using System.Runtime.InteropServices;
using Attune.Kernels;
using static TorchSharp.torch;

namespace Attune.Models.Decoding;

/// <summary>Reads a parameter's numbers where they lie.</summary>
internal static class WeightSpans
{
    /// <summary>Packs a matrix, from bfloat16 without a detour.</summary>
    internal static void Pack(Tensor parameter, PackedMatrix matrix)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var plain = Plain(parameter);
        if (plain.dtype == ScalarType.BFloat16)
        {
            matrix.Pack(MemoryMarshal.Cast<byte, ushort>(plain.bytes));
        }
        else
        {
            matrix.Pack(MemoryMarshal.Cast<byte, float>(plain.bytes));
        }

        GC.KeepAlive(plain);
    }

    /// <summary>Copies a vector, as 32-bit floats; leaves the target as it is where there is none.</summary>
    internal static void Copy(Tensor? parameter, NativeBuffer target)
    {
        if (parameter is null)
        {
            return;
        }

        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var plain = Plain(parameter).to(ScalarType.Float32);
        MemoryMarshal.Cast<byte, float>(plain.bytes).CopyTo(target.Span(0, (int)plain.numel()));
        GC.KeepAlive(plain);
    }

    /// <summary>Dense, on the host, as 32-bit floats or bfloat16.</summary>
    internal static Tensor Plain(Tensor parameter) =>
        parameter.detach().to(parameter.dtype == ScalarType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32).cpu().contiguous();
}
