using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>One projection to the vocabulary.</summary>
/// <param name="HeadGradient">Null where the head is not trained.</param>
/// <param name="Rows">Rows whose logits are in memory at once.</param>
internal sealed record ScoreCall(TensorKernels Kernels, Tensor Head, Tensor? HeadGradient, Tensor Targets, double Scale, int Rows)
{
    /// <summary>[4, rows]: all that forward computed, for who wants more than the log-probabilities.</summary>
    internal Tensor? Results { get; set; }

    /// <summary>Each chunk's first row and number of rows.</summary>
    internal IEnumerable<(long Start, long Count)> Chunks(long rows)
    {
        for (var start = 0L; start < rows; start += Rows)
        {
            yield return (start, Math.Min(Rows, rows - start));
        }
    }
}

/// <summary>
/// Head, softmax and pick in one, chunk by chunk. One chunk's logits are kept for the backward pass, where they become their own gradient;
/// of
/// several chunks none are, and they are computed again. Arguments: hidden, the head, the call. Gives the log-probabilities, [rows].
/// </summary>
internal sealed class ScoreFunction : autograd.SingleTensorFunction<ScoreFunction>
{
    public override string Name => nameof(ScoreFunction);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        using var scope = NewDisposeScope();
        var (hidden, call) = ((Tensor)vars[0], (ScoreCall)vars[2]);
        var rows = hidden.size(0);
        var parts = new List<Tensor>();
        Tensor? logits = null;
        foreach (var (start, count) in call.Chunks(rows))
        {
            logits?.Dispose();
            logits = call.Kernels.Linear(hidden.narrow(0, start, count), call.Head, null);
            parts.Add(call.Kernels.LogSoftmax(logits, call.Targets.narrow(0, start, count), call.Scale));
        }

        var results = parts.Count == 1 ? parts[0] : cat(parts, 1); // [4, rows]
        var kept = rows <= call.Rows ? logits : null;
        ctx.save_data(nameof(ScoreCall), call with { Targets = null!, Results = null });
        ctx.save_for_backward([hidden, call.Targets, results, kept?.MoveToOuterDisposeScope()!]);
        call.Results = results.MoveToOuterDisposeScope();
        return results[0].clone().MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var call = (ScoreCall)ctx.get_data(nameof(ScoreCall));
        var kept = ctx.get_saved_variables();
        var (hidden, targets, logSums) = (kept[0], kept[1], kept[2][1]);
        var gradient = grad_output.contiguous();
        var parts = new List<Tensor>();
        foreach (var (start, count) in call.Chunks(hidden.size(0)))
        {
            using var chunk = NewDisposeScope();
            var rows = hidden.narrow(0, start, count);
            var logits = kept[3] ?? call.Kernels.Linear(rows, call.Head, null);
            call.Kernels.LogSoftmaxBackward(
                logits,
                targets.narrow(0, start, count),
                call.Scale,
                logSums.narrow(0, start, count),
                gradient.narrow(0, start, count)
            );
            parts.Add(call.Kernels.LinearBackward(logits, rows, call.Head, call.HeadGradient, null).MoveToOuterDisposeScope());
        }

        return [(parts.Count == 1 ? parts[0] : cat(parts, 0)).MoveToOuterDisposeScope(), null!, null!];
    }
}
