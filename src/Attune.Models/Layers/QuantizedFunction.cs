using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>
/// Products with a quantised matrix, a tile of its rows at a time: autograd's own product would keep all of them as numbers for the
/// backward pass.
/// </summary>
internal static class QuantizedProduct
{
    /// <param name="input">[rows, inputs]</param>
    /// <param name="kernels">Null for libtorch's products.</param>
    /// <returns>input W^T, [rows, outputs]</returns>
    internal static Tensor Forward(Tensor input, QuantizedMatrix matrix, TensorKernels? kernels)
    {
        using var scope = NewDisposeScope();
        var output = empty([input.size(0), matrix.Outputs], input.dtype, input.device);
        foreach (var (first, rows) in Tiles(matrix))
        {
            using var inner = NewDisposeScope();
            var tile = matrix.Rows(first, rows, input.dtype, input.device);
            output.narrow(1, first, rows).copy_(kernels is null ? input.mm(tile.t()) : kernels.Linear(input, tile, null));
        }

        return output.MoveToOuterDisposeScope();
    }

    /// <returns>gradient W, [rows, inputs]</returns>
    internal static Tensor Backward(Tensor gradient, QuantizedMatrix matrix, TensorKernels? kernels)
    {
        using var scope = NewDisposeScope();
        var result = zeros([gradient.size(0), matrix.Inputs], gradient.dtype, gradient.device);
        foreach (var (first, rows) in Tiles(matrix))
        {
            using var inner = NewDisposeScope();
            var tile = matrix.Rows(first, rows, gradient.dtype, gradient.device);
            var own = gradient.narrow(1, first, rows).contiguous();
            result.add_(kernels is null ? own.mm(tile) : kernels.LinearBackward(own, result, tile, null, null));
        }

        return result.MoveToOuterDisposeScope();
    }

    private static IEnumerable<(long First, long Rows)> Tiles(QuantizedMatrix matrix)
    {
        for (var first = 0L; first < matrix.Outputs; first += QuantizedMatrix.TileRows)
        {
            yield return (first, Math.Min(QuantizedMatrix.TileRows, matrix.Outputs - first));
        }
    }
}

/// <summary>The same for autograd. Arguments: input, [..., inputs], and the matrix.</summary>
internal sealed class QuantizedFunction : autograd.SingleTensorFunction<QuantizedFunction>
{
    public override string Name => nameof(QuantizedFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        using var scope = NewDisposeScope();
        var (input, matrix) = ((Tensor)vars[0], (QuantizedMatrix)vars[1]);
        ctx.save_data(nameof(QuantizedMatrix), matrix);
        var output = QuantizedProduct.Forward(input.reshape(-1, matrix.Inputs), matrix, null);
        return output.view([.. input.shape[..^1], matrix.Outputs]).MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var matrix = (QuantizedMatrix)ctx.get_data(nameof(QuantizedMatrix));
        var gradient = QuantizedProduct.Backward(grad_output.reshape(-1, matrix.Outputs), matrix, null);
        return [gradient.view([.. grad_output.shape[..^1], matrix.Inputs]).MoveToOuterDisposeScope(), null!];
    }
}
