using Attune.Models.Weights;
using TorchSharp;

namespace Attune.Training.Optimisation;

/// <summary>
/// The trained end of a model's flat parameters with its gradient and Adam's moments. What is frozen lies before it, so it costs neither
/// memory nor time here.
/// </summary>
public sealed class AdamState : IDisposable
{
    internal const int Block = 1 << 16;

    /// <param name="weights">Slots that need gradients must form the end of the flat tensor, as <see cref="FlatParameters.Freeze"/> leaves
    /// them.</param>
    public AdamState(FlatParameters weights)
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
        Stretches =
        [
            .. Slots.SelectMany(s =>
                Enumerable
                    .Range(0, (int)((s.Length + Block - 1) / Block))
                    .Select(i => (s.Offset + (long)i * Block, Math.Min(Block, s.Length - (long)i * Block), s.IsMatrix))
            ),
        ];
        weights.AttachMaster();
        Values = weights.Exact.narrow(0, start, count).DetachFromDisposeScope();
        Rounded = weights.Master is null ? null : weights.Values.narrow(0, start, count).DetachFromDisposeScope();
        Gradients = weights.AttachGradients().narrow(0, start, count).DetachFromDisposeScope();
        Gradients.zero_(); // an update that was interrupted may have left its part of a sum
        FirstMoment = torch.zeros_like(Values).DetachFromDisposeScope();
        SecondMoment = torch.zeros_like(Values).DetachFromDisposeScope();
    }

    /// <summary>Offsets are relative to this part.</summary>
    public IReadOnlyList<ParameterSlot> Slots { get; }

    /// <summary>[parameters], float32: a view of the model's own weights, or of their master</summary>
    public torch.Tensor Values { get; }

    /// <summary>[parameters]: a view of the weights that the model computes with, where they are the master's rounding; else null</summary>
    public torch.Tensor? Rounded { get; }

    /// <summary>[parameters], of the type of the model's weights; backward adds into it</summary>
    public torch.Tensor Gradients { get; }

    /// <summary>
    /// [parameters], float32: the sum over microbatches where <see cref="Gradients"/> is too coarse to hold it; null until needed
    /// </summary>
    public torch.Tensor? Sums { get; private set; }

    /// <summary>[parameters], float32</summary>
    public torch.Tensor FirstMoment { get; }

    /// <summary>[parameters], float32</summary>
    public torch.Tensor SecondMoment { get; }

    public long Count => Values.numel();

    /// <summary>
    /// Moves the gradient of a microbatch into <see cref="Sums"/>. In bfloat16 the hundredth microbatch would leave no trace in the
    /// sum of the ninety-nine before it; float32 gradients stay where they are.
    /// </summary>
    public void Gather()
    {
        if (Rounded is null)
        {
            return;
        }

        using var scope = torch.NewDisposeScope();
        using var quiet = torch.no_grad();
        Sums ??= torch.zeros_like(Values).DetachFromDisposeScope();
        Sums.add_(Gradients);
        Gradients.zero_();
        HasSums = true;
    }

    /// <summary>Zeroes the update's gradient.</summary>
    internal void Discard()
    {
        using var quiet = torch.no_grad();
        Gradients.zero_();
        Sums?.zero_();
        HasSums = false;
    }

    /// <summary>Whether the update's gradient is in <see cref="Sums"/>.</summary>
    internal bool HasSums { get; set; }

    /// <summary>The update's whole gradient, wherever it is.</summary>
    internal torch.Tensor Summed => HasSums ? Sums! : Gradients;

    /// <summary>The slots in stretches of equal work, none across two slots.</summary>
    internal IReadOnlyList<(long Start, long Length, bool IsMatrix)> Stretches { get; }

    public void Dispose()
    {
        SecondMoment.Dispose();
        FirstMoment.Dispose();
        Sums?.Dispose();
        Gradients.Dispose();
        Rounded?.Dispose();
        Values.Dispose();
    }
}
