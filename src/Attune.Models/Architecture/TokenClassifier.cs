using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Models.Configuration;
using Attune.Models.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Attune.Models.Architecture;

/// <summary>
/// A trunk and the scores of a few classes per token, as transformers' token classifiers have them: a process reward model, read where
/// steps end.
/// </summary>
public sealed class TokenClassifier : TransformerModel
{
    private readonly Parameter _score;
    private readonly Parameter _bias;

    /// <summary>A model whose weights are all zero: a place to load into.</summary>
    internal TokenClassifier(
        TransformerConfig config,
        ImmutableArray<string> labels,
        ScalarType type = ScalarType.Float32,
        Device? device = null
    )
        : base(config, HeadKind.Classes, type, device, BaseQuantization.None, labels.Length)
    {
        Labels = labels;
        _score = Weights["score"];
        _bias = Weights["score.bias"];
    }

    /// <summary>The same, ready to be trained in a precision.</summary>
    internal TokenClassifier(TransformerConfig config, ImmutableArray<string> labels, Precision precision)
        : this(config, labels, TypeOf(precision))
    {
        Weights.AttachMaster();
    }

    /// <summary>The trunk of a language model, with own weights, and a fresh head.</summary>
    /// <param name="precision">To be trained in; that of the origin where it is null.</param>
    public TokenClassifier(LanguageModel origin, ImmutableArray<string> labels, Seed seed, Precision? precision = null)
        : this(origin.Config, labels, precision is { } chosen ? TypeOf(chosen) : origin.Weights.Type, origin.Weights.Values.device)
    {
        Weights.AttachMaster();
        origin.CopyInto(this);
        Initialization.Fill(Weights, Weights.Slots[^2], Config, seed);
        Initialization.Fill(Weights, Weights.Slots[^1], Config, seed);
    }

    /// <summary>Names of the classes, in their order.</summary>
    public ImmutableArray<string> Labels { get; }

    /// <summary>Scores of the classes, unnormalised, each of the text up to and with a token.</summary>
    /// <param name="hidden">[..., width]</param>
    /// <returns>[..., classes], float32</returns>
    public Tensor LogitsOf(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return nn
            .functional.linear(hidden.to(ScalarType.Float32), _score.to(ScalarType.Float32), _bias.to(ScalarType.Float32))
            .MoveToOuterDisposeScope();
    }
}
