using Attune.Models.Configuration;
using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>One call of the last norm.</summary>
internal sealed record NormCall(
    TensorKernels Kernels,
    TransformerConfig Config,
    Tensor Weight,
    Tensor? Bias,
    Tensor? WeightGradient,
    Tensor? BiasGradient
);

/// <summary>The norm after the last layer, from float32 to the weights' type. Arguments: input, the norm's weight, the call.</summary>
internal sealed class NormFunction : autograd.SingleTensorFunction<NormFunction>
{
    public override string Name => nameof(NormFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (input, call) = ((Tensor)vars[0], (NormCall)vars[2]);
        var (output, _, statistics) = call.Kernels.Norm(call.Config, input, null, call.Weight, call.Bias);
        ctx.save_data(nameof(NormCall), call);
        ctx.save_for_backward([input, statistics]);
        return output;
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var call = (NormCall)ctx.get_data(nameof(NormCall));
        var kept = ctx.get_saved_variables();
        var gradient = call.Kernels.NormBackward(
            call.Config,
            kept[0],
            grad_output.contiguous(),
            call.Weight,
            kept[1],
            null,
            call.WeightGradient,
            call.BiasGradient
        );
        return [gradient.MoveToOuterDisposeScope(), null!, null!];
    }
}
