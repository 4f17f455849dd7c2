using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>One call of a layer of autograd's own operations that is computed again in the backward pass.</summary>
internal sealed record RecomputedCall(TransformerLayer Layer, TokenView View);

/// <summary>
/// A layer of autograd's own operations of which only the input is kept (Chen et al. 2016, arXiv:1604.06174). Arguments: input, a parameter
/// of the layer, the call.
/// </summary>
internal sealed class RecomputedLayer : autograd.SingleTensorFunction<RecomputedLayer>
{
    public override string Name => nameof(RecomputedLayer);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (input, call) = ((Tensor)vars[0], (RecomputedCall)vars[2]);
        ctx.save_data(nameof(RecomputedCall), call with { View = new TokenView(null, null, null, null) { Rng = call.View.Rng } });
        ctx.save_for_backward([input, call.View.Forbidden!, call.View.Positions!, call.View.Cosines!, call.View.Sines!]);
        return call.Layer.Forward(input, call.View);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var call = (RecomputedCall)ctx.get_data(nameof(RecomputedCall));
        var kept = ctx.get_saved_variables();
        using var recorded = enable_grad();
        var input = kept[0].detach().requires_grad_();
        var output = call.Layer.Forward(
            input,
            call.View with
            {
                Forbidden = kept[1],
                Positions = kept[2],
                Cosines = kept[3],
                Sines = kept[4],
            }
        );
        output.backward([grad_output]);
        return [input.grad!.MoveToOuterDisposeScope(), null!, null!];
    }
}
