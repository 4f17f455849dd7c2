using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>One call of a fused layer.</summary>
/// <param name="Recompute">Keep the input alone, and compute the layer again in the backward pass (Chen et al. 2016,
/// arXiv:1604.06174).</param>
/// <param name="Wanted">[n] int64 rows whose output is wanted; null for all.</param>
internal sealed record LayerCall(FusedLayer Layer, FusedView View, bool Recompute, Tensor? Wanted = null);

/// <summary>Lets autograd call a fused layer's own backward pass. Arguments: input, a parameter of the layer, the call.</summary>
internal sealed class LayerFunction : autograd.SingleTensorFunction<LayerFunction>
{
    public override string Name => nameof(LayerFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (input, call) = ((Tensor)vars[0], (LayerCall)vars[2]);
        using var scope = NewDisposeScope();
        var wanted = call.Wanted?.alias(); // the caller's own stays in the caller's scope
        var (output, tape) = call.Layer.Forward(input, call.View, wanted);
        // The view's tensors die with the call, so they are kept beside the tape's.
        List<Tensor> kept = [call.View.Starts!, call.View.Cosines!, call.View.Sines!, .. call.Recompute ? [input, wanted!] : tape.All];
        kept.ForEach(t => t?.MoveToOuterDisposeScope());
        ctx.save_data(
            nameof(LayerCall),
            call with
            {
                View = call.View with { Starts = null, Cosines = null, Sines = null },
                Wanted = null,
            }
        );
        ctx.save_for_backward(kept);
        return output.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var call = (LayerCall)ctx.get_data(nameof(LayerCall));
        var kept = ctx.get_saved_variables();
        var view = call.View with { Starts = kept[0], Cosines = kept[1], Sines = kept[2] };
        var tape = call.Recompute ? call.Layer.Forward(kept[3], view, kept[4]).Tape : FusedLayer.Tape.Of(kept[3..]);
        return [call.Layer.Backward(grad_output.contiguous(), tape, view).MoveToOuterDisposeScope(), null!, null!];
    }
}
