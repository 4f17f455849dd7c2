using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>One look-up in the embeddings.</summary>
/// <param name="TableGradient">Null where the table is not trained, and so for <paramref name="PositionGradient"/>.</param>
internal sealed record EmbeddingCall(
    TensorKernels Kernels,
    Tensor Tokens,
    Tensor? Positions,
    Tensor? TableGradient,
    Tensor? PositionGradient
);

/// <summary>
/// Token embeddings, and position embeddings where there are some, in float32. The backward pass adds to the looked-up rows alone, where
/// autograd's own operation makes a gradient as large as the table. Arguments: tokens' table, positions' table or null, the call.
/// </summary>
internal sealed class EmbeddingFunction : autograd.SingleTensorFunction<EmbeddingFunction>
{
    public override string Name => nameof(EmbeddingFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var call = (EmbeddingCall)vars[2];
        ctx.save_data(nameof(EmbeddingCall), call with { Tokens = null!, Positions = null });
        ctx.save_for_backward([call.Tokens, call.Positions!]);
        return call.Kernels.Gather((Tensor)vars[0], call.Tokens, (Tensor?)vars[1], call.Positions);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var call = (EmbeddingCall)ctx.get_data(nameof(EmbeddingCall));
        var kept = ctx.get_saved_variables();
        var gradient = grad_output.contiguous();
        if (call.TableGradient is { } table)
        {
            call.Kernels.ScatterAdd(gradient, kept[0], table);
        }

        if (call.PositionGradient is { } positions)
        {
            call.Kernels.ScatterAdd(gradient, kept[1], positions);
        }

        return [null!, null!, null!];
    }
}
