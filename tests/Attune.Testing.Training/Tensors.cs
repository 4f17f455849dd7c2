using static TorchSharp.torch;

namespace Attune.Testing.Training;

/// <summary>Counts of native tensors that an earlier test's garbage cannot disturb.</summary>
public static class Tensors
{
    /// <summary>How many tensors are alive once those without an owner have been finalised.</summary>
    /// <remarks>
    /// Earlier tests leave some to the finaliser; taken while another test counts, they would make its count fall by chance.
    /// </remarks>
    public static long Alive()
    {
        for (var pass = 0; pass < 2; pass++)
        {
#pragma warning disable RS0030 // Nothing is freed by this but what other tests left behind; a test's own tensors have owners.
            GC.Collect();
#pragma warning restore RS0030
            GC.WaitForPendingFinalizers();
        }

        return Tensor.TotalCount;
    }
}
