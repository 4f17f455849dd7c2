using System.Runtime.InteropServices;
using Attune.Core;
using Attune.Kernels;
using Attune.Models.Architecture;
using static TorchSharp.torch;

namespace Attune.Models.Decoding;

/// <summary>Reads a parameter's numbers where they lie.</summary>
internal static class WeightSpans
{
    /// <summary>Packs a model's matrix: its blocks where there are some and the target is quantised, else its numbers.</summary>
    internal static void Pack(TransformerModel model, string name, ModelBlocks? blocks, PackedMatrix matrix)
    {
        if (matrix.IsQuantized && blocks?.Find(model, name) is { } found)
        {
            matrix.Pack(found);
        }
        else
        {
            Pack(model.Merged(name), matrix);
        }
    }

    /// <summary>Packs a matrix, from bfloat16 without a detour.</summary>
    /// <exception cref="AttuneException">The matrix is quantised, and a weight is not a finite number.</exception>
    internal static void Pack(Tensor parameter, PackedMatrix matrix)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var plain = Plain(parameter);
        if (matrix.IsQuantized)
        {
            RequireFinite(plain);
        }

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

    /// <summary>Blocks have no code for what is not a number, so it would pass unseen.</summary>
    internal static void RequireFinite(Tensor plain)
    {
        if (!plain.isfinite().all().item<bool>())
        {
            throw new AttuneException(
                "The model's weights are not all finite numbers: its training diverged. Go back to an earlier checkpoint and "
                    + "lower the learning rate."
            );
        }
    }

    /// <summary>Dense, on the host, as 32-bit floats or bfloat16.</summary>
    internal static Tensor Plain(Tensor parameter) =>
        parameter.detach().to(parameter.dtype == ScalarType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32).cpu().contiguous();
}
