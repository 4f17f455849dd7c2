using Attune.Models.Weights;
using TorchSharp;

namespace Attune.Learning.Optimisation;

/// <summary>
/// The trained end of a model's flat parameters with its gradient and Adam's moments. What is frozen lies before it, so it costs neither
/// memory nor time here.
/// </summary>
public sealed class TrainedPart : IDisposable
{
    /// <param name="weights">Slots that need gradients must form the end of the flat tensor, as <see cref="FlatParameters.Freeze"/> leaves them.</param>
    public TrainedPart(FlatParameters weights)
    {
        using var scope = torch.NewDisposeScope();
        var trained = weights.Slots.Where(s => weights[s.Name].requires_grad).ToArray();
        if (trained.Length == 0)
        {
            throw new ArgumentException("nothing to train: every parameter is frozen.");
        }

        var start = trained[0].Offset;
        var count = weights.Values.numel() - start;
        Slots = [.. trained.Select(s => s with { Offset = s.Offset - start })];
        Values = weights.Values.narrow(0, start, count).DetachFromDisposeScope();
        Gradients = weights.AttachGradients().narrow(0, start, count).DetachFromDisposeScope();
        Gradients.zero_();      // an update that was interrupted may have left its part of a sum
        FirstMoment = torch.zeros_like(Values).DetachFromDisposeScope();
        SecondMoment = torch.zeros_like(Values).DetachFromDisposeScope();
    }

    /// <summary>Offsets are relative to this part.</summary>
    public IReadOnlyList<ParameterSlot> Slots { get; }

    /// <summary>[parameters], float32: a view of the model's own weights</summary>
    public torch.Tensor Values { get; }

    /// <summary>[parameters], float32; backward adds into it</summary>
    public torch.Tensor Gradients { get; }

    /// <summary>[parameters], float32</summary>
    public torch.Tensor FirstMoment { get; }

    /// <summary>[parameters], float32</summary>
    public torch.Tensor SecondMoment { get; }

    public long Count => Values.numel();

    public void Dispose()
    {
        SecondMoment.Dispose();
        FirstMoment.Dispose();
        Gradients.Dispose();
        Values.Dispose();
    }
}
