using Attune.Core;
using Attune.Core.Runs;
using Attune.Models.Adapters;
using Attune.Models.Configuration;
using Attune.Models.Layers;
using Attune.Models.Weights;
using Attune.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Attune.Models.Architecture;

/// <summary>A trunk and a head over the vocabulary.</summary>
public sealed class LanguageModel : TransformerModel
{
    private readonly Parameter _head;

    /// <summary>A model whose weights are all zero: a place to load into.</summary>
    internal LanguageModel(
        TransformerConfig config,
        ScalarType type = ScalarType.Float32,
        Device? device = null,
        BaseQuantization quantization = BaseQuantization.None
    )
        : base(config, HeadKind.Language, type, device, quantization)
    {
        _head = Weights[HeadName];
    }

    /// <summary>The same, ready to be trained in a precision.</summary>
    internal LanguageModel(TransformerConfig config, Precision precision, BaseQuantization quantization = BaseQuantization.None)
        : this(config, TypeOf(precision), null, quantization)
    {
        Weights.AttachMaster();
    }

    /// <summary>Fresh weights.</summary>
    public LanguageModel(TransformerConfig config, Seed seed, Precision precision = Precision.F32)
        : this(config, precision)
    {
        Initialize(seed);
    }

    /// <summary>The same weights, frozen, with an adapter.</summary>
    internal LanguageModel(LanguageModel origin, Adapter adapter)
        : base(origin, HeadKind.Language, adapter)
    {
        _head = Adapter?.Weights.Find(HeadName) ?? Weights[HeadName];
    }

    /// <summary>
    /// This model with a fresh adapter, to be trained: it shares the weights, which are frozen from now on. This model stays what it is and
    /// must outlive it.
    /// </summary>
    /// <exception cref="ConfigurationException">The configuration fits no such model.</exception>
    public LanguageModel Adapted(AdapterConfig config, Seed seed) => new(this, Adapter.Fresh(Plain(), config, HeadKind.Language, seed));

    /// <summary>A copy in few bits, for an adapter to be trained on: the layers' matrices quantised, all else as it is.</summary>
    public LanguageModel Quantize(BaseQuantization quantization)
    {
        var copy = new LanguageModel(Config, Weights.Type, Weights.Values.device, quantization) { Origin = Origin };
        copy.Weights.CopyFrom(Weights);
        foreach (var (name, matrix) in copy.Quantized)
        {
            using var scope = NewDisposeScope();
            matrix.SetRows(0, ExactOf(name).to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray());
        }

        return copy;
    }

    /// <summary>
    /// A copy with own weights, in another type or place where one is given. It computes as its origin does, bit for bit, and has no
    /// master: it is there to be read, as a reference policy is. An adapter is merged into it, and nothing of it is quantised.
    /// </summary>
    public LanguageModel Copy(ScalarType? type = null, Device? device = null)
    {
        var copy = new LanguageModel(Config, type ?? Weights.Type, device ?? Weights.Values.device);
        CopyInto(copy);
        return copy;
    }

    /// <summary>
    /// Log-probabilities of given tokens and what else a softmax over the vocabulary gives, its logits never all in memory at once
    /// where there are many.
    /// </summary>
    /// <param name="hidden">[rows, width], of <see cref="Transformer.Hidden"/>: the positions that predict the targets</param>
    /// <param name="targets">[rows], int64</param>
    /// <param name="temperature">Divides the logits.</param>
    public TokenScores Score(Tensor hidden, Tensor targets, double temperature = 1)
    {
        using var scope = NewDisposeScope();
        if (Trunk.Fused is { IsReady: true } fused)
        {
            return fused.Score(hidden, _head, Learner.GradientOf(HeadName), targets, temperature).MoveToOuterScope();
        }

        var logits = temperature == 1 ? Logits(hidden) : Logits(hidden) / temperature;
        var logProbs = LogProbs.OfTokens(logits, targets);
        using var quiet = no_grad();
        return new TokenScores(logProbs, LogProbs.Entropy(logits), logits.argmax(-1).eq(targets).to(ScalarType.Float32)).MoveToOuterScope();
    }

    private string HeadName => Config.TiedHead ? "tokens" : "head";

    /// <summary>Scores of each token's successor, unnormalised.</summary>
    /// <param name="hidden">[..., width], of <see cref="Transformer.Hidden"/>, or the rows of it that matter</param>
    /// <returns>[..., vocabulary]</returns>
    public Tensor Logits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var logits = nn.functional.linear(hidden, _head);
        logits = Config.LogitScale == 1 ? logits : logits * Config.LogitScale;
        return CausalAttention.Capped(logits, Config.LogitCap).MoveToOuterDisposeScope();
    }
}
