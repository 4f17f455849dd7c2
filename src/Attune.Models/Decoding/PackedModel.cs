using Attune.Kernels;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Layers;
using Attune.Models.Weights;

namespace Attune.Models.Decoding;

/// <summary>A model's weights as the decoder reads them. Memory: what the model has in the given type, a tied embedding twice.</summary>
internal sealed class PackedModel : IDisposable
{
    private readonly string _headName;

    internal PackedModel(TransformerConfig config, KernelType type, HeadKind head = HeadKind.Language)
    {
        if (!config.IsPlain)
        {
            throw new ArgumentException(
                $"The rollout engine does not compute layers of {config.Family}; use Decoders.For.",
                nameof(config)
            );
        }

        (Config, Type) = (config, type);
        (_headName, Outputs) = head == HeadKind.Score ? ("score", 1) : (config.TiedHead ? "tokens" : "head", config.VocabularySize);
        Tokens = new PackedTable(config.VocabularySize, config.Width, type);
        Positions = config.Positions == PositionKind.Learned ? new PackedTable(config.ContextLength, config.Width, KernelType.F32) : null;
        Layers = [.. Enumerable.Range(0, config.Layers).Select(_ => new PackedLayer(config, type))];
        Norm = new PackedNorm(config.Width);
        // The vocabulary's matrix decides between near tokens: 4 bits would show in what is drawn.
        Head = new PackedMatrix(Outputs, config.Width, type: type == KernelType.Q4 ? KernelType.Q8 : type);
        if (config.Positions == PositionKind.Rotary)
        {
            var (cosines, sines) = RotaryEmbedding.Tables(config);
            (Cosines, Sines) = (new NativeBuffer(cosines.Length), new NativeBuffer(sines.Length));
            cosines.CopyTo(Cosines.Span(0, cosines.Length));
            sines.CopyTo(Sines.Span(0, sines.Length));
        }
    }

    internal TransformerConfig Config { get; }
    internal KernelType Type { get; }
    internal PackedTable Tokens { get; }
    internal PackedTable? Positions { get; }
    internal NativeBuffer? Cosines { get; }
    internal NativeBuffer? Sines { get; }
    internal PackedLayer[] Layers { get; }
    internal PackedNorm Norm { get; }
    internal PackedMatrix Head { get; }

    /// <summary>Numbers the head gives for a row: the vocabulary, or one.</summary>
    internal int Outputs { get; }

    /// <summary>Copies a model's weights in, converting the type where it differs.</summary>
    /// <param name="blocks">Where the model is kept quantised: matrices whose blocks are taken as they are.</param>
    internal void Load(TransformerModel model, ModelBlocks? blocks = null)
    {
        var weights = model.Weights;
        if (Head.IsQuantized && blocks?.Find(model, "tokens") is { } tokens)
        {
            Tokens.Load(tokens);
        }
        else
        {
            Tokens.Load(weights["tokens"]);
        }

        Positions?.Load(weights["positions"]);
        WeightSpans.Pack(model, _headName, blocks, Head);
        Norm.Load(weights, "norm");
        for (var layer = 0; layer < Layers.Length; layer++)
        {
            Layers[layer].Load(model, layer, blocks);
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
