using System.Collections.Immutable;

namespace Attune.Models.Weights;

/// <summary>Where one parameter lies in the flat tensor.</summary>
/// <param name="Name">Attune's own name, the same for every family, as in "layers.3.qkv.weight".</param>
/// <param name="Offset">In elements, a multiple of 32; the gaps between slots hold zeros.</param>
/// <param name="Shape">Matrices are [out, in].</param>
public sealed record ParameterSlot(string Name, long Offset, ImmutableArray<long> Shape)
{
    /// <summary>Elements.</summary>
    public long Length { get; } = Shape.Aggregate(1L, (product, side) => checked(product * side));

    /// <summary>Matrices and embeddings, which weight decay usually covers; vectors (norms, biases) are not.</summary>
    public bool IsMatrix => Shape.Length > 1;
}
