using System.Runtime.CompilerServices;
using TorchSharp;

namespace Attune.Numerics;

/// <summary>
/// Shape checks, made where data enters a formula: a wrong shape in some native calls aborts the process,
/// and in others broadcasts to a wrong answer.
/// </summary>
public static class Shapes
{
    /// <summary>Throws unless the tensor has this shape; -1 stands for any size.</summary>
    /// <exception cref="ArgumentException">Names the argument, its shape and the expected one.</exception>
    public static torch.Tensor Require(
        this torch.Tensor tensor,
        ReadOnlySpan<long> shape,
        [CallerArgumentExpression(nameof(tensor))] string? name = null
    )
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var found = tensor.shape;
        var fits = found.Length == shape.Length;
        for (var i = 0; fits && i < shape.Length; i++)
        {
            fits = shape[i] == -1 || shape[i] == found[i];
        }

        return fits
            ? tensor
            : throw new ArgumentException(
                $"{name} has shape [{string.Join(", ", found)}]; expected [{string.Join(", ", shape.ToArray())}]."
            );
    }
}
