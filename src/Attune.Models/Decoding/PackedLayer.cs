using Attune.Models.Configuration;
using Attune.Models.Weights;
using Attune.Numerics.Kernels;
using static TorchSharp.torch;

namespace Attune.Models.Decoding;

/// <summary>A matrix packed for the kernel, and its bias (zeros where it has none), as long as the panels are.</summary>
internal sealed class PackedLinear(int rows, int inputs, PanelOrder order = PanelOrder.Plain) : IDisposable
{
    internal PackedMatrix Matrix { get; } = new(rows, inputs, order);
    internal NativeBuffer Bias { get; } = new(rows + PackedMatrix.Panel);

    internal void Load(FlatParameters weights, string name)
    {
        WeightSpans.With(weights[name + ".weight"], values => Matrix.Pack(values));
        if (weights.Find(name + ".bias") is { } bias)
        {
            WeightSpans.With(bias, values => values.CopyTo(Bias.Span(0, values.Length)));
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
        WeightSpans.With(weights[name + ".weight"], values => values.CopyTo(Scale.Span(0, values.Length)));
        if (weights.Find(name + ".bias") is { } bias)
        {
            WeightSpans.With(bias, values => values.CopyTo(Shift.Span(0, values.Length)));
        }
    }

    public void Dispose()
    {
        Scale.Dispose();
        Shift.Dispose();
    }
}

internal sealed class PackedLayer(TransformerConfig config) : IDisposable
{
    internal PackedNorm Norm1 { get; } = new(config.Width);
    internal PackedLinear Joint { get; } = new(config.Width + 2 * config.KeyValueWidth, config.Width);
    internal PackedLinear Out { get; } = new(config.Width, config.Width);
    internal PackedNorm Norm2 { get; } = new(config.Width);
    internal PackedLinear Up { get; } = config.FeedForward == FeedForwardKind.SwiGlu
        ? new(2 * config.HiddenWidth, config.Width, PanelOrder.Gated)
        : new(config.HiddenWidth, config.Width);
    internal PackedLinear Down { get; } = new(config.Width, config.HiddenWidth);

    internal void Load(FlatParameters weights, int layer)
    {
        Norm1.Load(weights, $"layers.{layer}.norm1");
        Joint.Load(weights, $"layers.{layer}.qkv");
        Out.Load(weights, $"layers.{layer}.out");
        Norm2.Load(weights, $"layers.{layer}.norm2");
        Up.Load(weights, $"layers.{layer}.up");
        Down.Load(weights, $"layers.{layer}.down");
    }

    public void Dispose()
    {
        foreach (var part in new IDisposable[] { Norm1, Joint, Out, Norm2, Up, Down })
        {
            part.Dispose();
        }
    }
}

/// <summary>Reads a parameter's numbers where they lie, as 32-bit floats.</summary>
internal static class WeightSpans
{
    internal static void With(Tensor parameter, Action<ReadOnlySpan<float>> use)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var plain = parameter.detach().to(ScalarType.Float32).cpu().contiguous();
        use(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(plain.bytes));
        GC.KeepAlive(plain);
    }
}
