using Attune.Kernels;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Weights;

namespace Attune.Models.Decoding;

/// <summary>
/// A matrix packed for the kernel, and its bias (zeros where it has none), as long as the panels are and in their order.
/// </summary>
internal sealed class PackedLinear(int rows, int inputs, KernelType type, PanelOrder order = PanelOrder.Plain) : IDisposable
{
    internal PackedMatrix Matrix { get; } = new(rows, inputs, order, type);
    internal NativeBuffer Bias { get; } = new(rows + PackedMatrix.Panel);

    /// <summary>With an adapter merged and without the quantisation of training.</summary>
    internal void Load(TransformerModel model, string name, ModelBlocks? blocks)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        WeightSpans.Pack(model, name + ".weight", blocks, Matrix);
        WeightSpans.Copy(model.Weights.Find(name + ".bias"), Bias);
        if (order == PanelOrder.Gated)
        {
            InPanels(Bias.Span(0, (int)Bias.Length), rows / 2);
        }
    }

    /// <summary>From all gates and then all values to those of one panel beside each other.</summary>
    private static void InPanels(Span<float> bias, int gates)
    {
        const int half = PackedMatrix.Panel / 2;
        var plain = bias.ToArray();
        bias.Clear();
        for (var i = 0; i < gates; i++)
        {
            var place = i / half * PackedMatrix.Panel + i % half;
            (bias[place], bias[place + half]) = (plain[i], plain[gates + i]);
        }
    }

    public void Dispose()
    {
        Matrix.Dispose();
        Bias.Dispose();
    }
}

/// <summary>Scale and shift of a norm.</summary>
internal sealed class PackedNorm(int width) : IDisposable
{
    internal NativeBuffer Scale { get; } = new(width);
    internal NativeBuffer Shift { get; } = new(width);

    internal void Load(FlatParameters weights, string name)
    {
        WeightSpans.Copy(weights[name + ".weight"], Scale);
        WeightSpans.Copy(weights.Find(name + ".bias"), Shift);
    }

    public void Dispose()
    {
        Scale.Dispose();
        Shift.Dispose();
    }
}

internal sealed class PackedLayer(TransformerConfig config, KernelType type) : IDisposable
{
    internal PackedNorm Norm1 { get; } = new(config.Width);
    internal PackedLinear Joint { get; } = new(config.QueryWidth + 2 * config.KeyValueWidth, config.Width, type);
    internal PackedNorm? QueryNorm { get; } = config.QueryKeyNorm ? new(config.HeadWidth) : null;
    internal PackedNorm? KeyNorm { get; } = config.QueryKeyNorm ? new(config.HeadWidth) : null;
    internal PackedLinear Out { get; } = new(config.Width, config.QueryWidth, type);
    internal PackedNorm Norm2 { get; } = new(config.Width);
    internal PackedLinear Up { get; } =
        config.IsGated ? new(2 * config.HiddenWidth, config.Width, type, PanelOrder.Gated) : new(config.HiddenWidth, config.Width, type);
    internal PackedLinear Down { get; } = new(config.Width, config.HiddenWidth, type);

    internal void Load(TransformerModel model, int layer, ModelBlocks? blocks)
    {
        var weights = model.Weights;
        Norm1.Load(weights, $"layers.{layer}.norm1");
        Joint.Load(model, $"layers.{layer}.qkv", blocks);
        QueryNorm?.Load(weights, $"layers.{layer}.queryNorm");
        KeyNorm?.Load(weights, $"layers.{layer}.keyNorm");
        Out.Load(model, $"layers.{layer}.out", blocks);
        Norm2.Load(weights, $"layers.{layer}.norm2");
        Up.Load(model, $"layers.{layer}.up", blocks);
        Down.Load(model, $"layers.{layer}.down", blocks);
    }

    public void Dispose()
    {
        foreach (var part in new IDisposable?[] { Norm1, Joint, QueryNorm, KeyNorm, Out, Norm2, Up, Down })
        {
            part?.Dispose();
        }
    }
}
