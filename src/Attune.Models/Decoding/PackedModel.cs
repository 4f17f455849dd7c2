using Attune.Models.Configuration;
using Attune.Numerics.Kernels;

namespace Attune.Models.Decoding;

/// <summary>A language model's weights as the decoder reads them. Memory: what the model has in 32 bits, a tied embedding twice.</summary>
internal sealed class PackedModel : IDisposable
{
    internal PackedModel(TransformerConfig config)
    {
        Config = config;
        Tokens = new NativeBuffer((long)config.VocabularySize * config.Width);
        Positions = config.Positions == PositionKind.Learned ? new NativeBuffer((long)config.ContextLength * config.Width) : null;
        Layers = [.. Enumerable.Range(0, config.Layers).Select(_ => new PackedLayer(config))];
        Norm = new PackedNorm(config.Width);
        Head = new PackedMatrix(config.VocabularySize, config.Width);
        if (config.Positions == PositionKind.Rotary)
        {
            var (cosines, sines) = Rotary.Tables(config.ContextLength, config.HeadWidth, config.RopeTheta);
            (Cosines, Sines) = (new NativeBuffer(cosines.Length), new NativeBuffer(sines.Length));
            cosines.CopyTo(Cosines.Span(0, cosines.Length));
            sines.CopyTo(Sines.Span(0, sines.Length));
        }
    }

    internal TransformerConfig Config { get; }
    internal NativeBuffer Tokens { get; }
    internal NativeBuffer? Positions { get; }
    internal NativeBuffer? Cosines { get; }
    internal NativeBuffer? Sines { get; }
    internal PackedLayer[] Layers { get; }
    internal PackedNorm Norm { get; }
    internal PackedMatrix Head { get; }

    /// <summary>Copies a model's weights in, converting to 32 bits.</summary>
    internal void Load(LanguageModel model)
    {
        var weights = model.Weights;
        WeightSpans.With(weights["tokens"], values => values.CopyTo(Tokens.Span(0, values.Length)));
        WeightSpans.With(weights[Config.TiedHead ? "tokens" : "head"], values => Head.Pack(values));
        if (Positions is { } positions)
        {
            WeightSpans.With(weights["positions"], values => values.CopyTo(positions.Span(0, values.Length)));
        }

        Norm.Load(weights, "norm");
        for (var layer = 0; layer < Layers.Length; layer++)
        {
            Layers[layer].Load(weights, layer);
        }
    }

    public void Dispose()
    {
        foreach (var part in new IDisposable?[] { Tokens, Positions, Cosines, Sines, Norm, Head }.Concat(Layers))
        {
            part?.Dispose();
        }
    }
}
