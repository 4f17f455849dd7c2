using Attune.Core.Runs;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>
/// A linear map on own kernels, with what an adapter adds, and its backward pass. Nothing more is kept for that than the input: A's product
/// is
/// cheap to compute again.
/// </summary>
internal sealed class FusedLinear(TensorKernels kernels, LinearMap map, FlatParameters parameters)
{
    internal LinearMap Map => map;

    /// <param name="input">[rows, inputs]</param>
    /// <param name="rng">What dropout draws from; null for none.</param>
    internal Tensor Forward(Tensor input, Seed? rng)
    {
        if (map.Parts.Length == 0)
        {
            return OfBase(input, map.Bias);
        }

        using var scope = NewDisposeScope();
        var output = Unscaled(input, rng, map.HasMagnitudes ? null : map.Bias);
        if (map.HasMagnitudes)
        {
            Rescale(output);
            output = map.Bias is null ? output : output.add_(map.Bias.detach());
        }

        return output.MoveToOuterDisposeScope();
    }

    /// <summary>Adds to the gradients of what is trained: the weight and bias, or the adapter's parts.</summary>
    /// <param name="gradient">[rows, outputs], of the output</param>
    /// <returns>The gradient of the input.</returns>
    internal Tensor Backward(Tensor gradient, Tensor input, Seed? rng, bool isTrained)
    {
        if (map.Parts.Length == 0)
        {
            return OfBaseBackward(gradient, input, isTrained ? G("weight") : null, isTrained ? G("bias") : null);
        }

        using var scope = NewDisposeScope();
        if (map.HasMagnitudes)
        {
            gradient = OfUnscaled(gradient, Unscaled(input, rng, null));
        }

        var mask = map.Mask(input, rng);
        var dropped = mask is null ? input : input * mask;
        var result = OfBaseBackward(gradient, input, null, null);
        foreach (var part in map.Parts)
        {
            var own = part.Site.Rows == gradient.size(1) ? gradient : gradient.narrow(1, part.Site.FirstRow, part.Site.Rows).contiguous();
            var low = kernels.Linear(dropped, part.A, null).mul_(part.Scale); // [rows, r]
            var ofLow = kernels.LinearBackward(own, low, part.B, part.GradientOf("lora_B"), null).mul_(part.Scale);
            var ofInput = kernels.LinearBackward(ofLow, dropped, part.A, part.GradientOf("lora_A"), null);
            result.add_(mask is null ? ofInput : ofInput.mul_(mask));
        }

        return result.MoveToOuterDisposeScope();
    }

    private Tensor? G(string part) => parameters.GradientOf($"{map.Name}.{part}");

    private Tensor OfBase(Tensor input, Tensor? bias)
    {
        if (map.Quantized is not { } matrix)
        {
            return kernels.Linear(input, map.Weight!, bias);
        }

        var output = QuantizedProduct.Forward(input, matrix, kernels);
        return bias is null ? output : output.add_(bias.detach());
    }

    private Tensor OfBaseBackward(Tensor gradient, Tensor input, Tensor? weightGradient, Tensor? biasGradient) =>
        map.Quantized is { } matrix
            ? QuantizedProduct.Backward(gradient, matrix, kernels)
            : kernels.LinearBackward(gradient, input, map.Weight!, weightGradient, biasGradient);

    /// <summary>x W^T + scale x A^T B^T, before magnitudes.</summary>
    private Tensor Unscaled(Tensor input, Seed? rng, Tensor? bias)
    {
        var output = OfBase(input, bias);
        using var scope = NewDisposeScope();
        var dropped = map.Mask(input, rng) is { } mask ? input * mask : input;
        foreach (var part in map.Parts)
        {
            var low = kernels.Linear(dropped, part.A, null).mul_(part.Scale);
            output.narrow(1, part.Site.FirstRow, part.Site.Rows).add_(kernels.Linear(low, part.B, null));
        }

        return output;
    }

    private void Rescale(Tensor output)
    {
        foreach (var part in map.Parts)
        {
            output.narrow(1, part.Site.FirstRow, part.Site.Rows).mul_(part.Magnitude!.detach() / map.Norms(part).to(output.dtype));
        }
    }

    /// <summary>Adds to the magnitudes' gradients.</summary>
    /// <returns>The gradient of what they scale.</returns>
    private Tensor OfUnscaled(Tensor gradient, Tensor unscaled)
    {
        var result = gradient.clone();
        foreach (var part in map.Parts)
        {
            var own = result.narrow(1, part.Site.FirstRow, part.Site.Rows);
            var norms = map.Norms(part);
            var products = own.to(ScalarType.Float32) * unscaled.narrow(1, part.Site.FirstRow, part.Site.Rows).to(ScalarType.Float32);
            part.GradientOf("magnitude")?.add_((products.sum([0L]) / norms).to(gradient.dtype));
            own.mul_(part.Magnitude!.detach() / norms.to(gradient.dtype));
        }

        return result;
    }
}
