using Attune.Core.Runs;
using Attune.Models.Adapters;
using Attune.Models.Configuration;
using Attune.Models.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Attune.Models.Architecture;

/// <summary>A trunk and one number per token: a reward, a process reward or a value, by where it is read.</summary>
public sealed class ScalarModel : TransformerModel
{
    private readonly Parameter _score;

    /// <summary>A model whose weights are all zero: a place to load into.</summary>
    internal ScalarModel(TransformerConfig config, ScalarType type = ScalarType.Float32, Device? device = null)
        : base(config, HeadKind.Score, type, device, BaseQuantization.None)
    {
        _score = Weights["score"];
    }

    /// <summary>The same, ready to be trained in a precision.</summary>
    internal ScalarModel(TransformerConfig config, Precision precision)
        : this(config, TypeOf(precision))
    {
        Weights.AttachMaster();
    }

    /// <summary>Fresh weights.</summary>
    public ScalarModel(TransformerConfig config, Seed seed, Precision precision = Precision.F32)
        : this(config, precision)
    {
        Initialize(seed);
    }

    /// <summary>The trunk of a language model, with own weights, and a fresh head.</summary>
    /// <param name="precision">To be trained in; that of the origin where it is null.</param>
    public ScalarModel(LanguageModel origin, Seed seed, Precision? precision = null)
        : this(origin.Config, precision is { } chosen ? TypeOf(chosen) : origin.Weights.Type, origin.Weights.Values.device)
    {
        Weights.AttachMaster();
        origin.CopyInto(this);
        Initialization.Fill(Weights, Weights.Slots[^1], Config, seed);
    }

    /// <summary>The same weights, frozen, with an adapter and a head of its own.</summary>
    internal ScalarModel(TransformerModel origin, Adapter adapter)
        : base(origin, HeadKind.Score, adapter)
    {
        _score = adapter.Weights["score"];
    }

    /// <summary>
    /// The trunk of another model with a fresh adapter and a head of its own, to be trained: a reward or value model on the weights that
    /// others share. Those are frozen from now on; the origin must outlive it.
    /// </summary>
    /// <param name="origin">Without an adapter. Of a scalar model the head is copied, else it is fresh.</param>
    public static ScalarModel Adapted(TransformerModel origin, AdapterConfig config, Seed seed)
    {
        var adapter = Adapter.Fresh(origin.Plain(), config, HeadKind.Score, seed);
        if (origin is not ScalarModel)
        {
            Initialization.Fill(adapter.Weights, adapter.Weights.Slots[^1], origin.Config, seed);
        }

        return new ScalarModel(origin, adapter);
    }

    /// <summary>A copy with own weights and without a master, in another type or place where one is given.</summary>
    public ScalarModel Copy(ScalarType? type = null, Device? device = null)
    {
        var copy = new ScalarModel(Config, type ?? Weights.Type, device ?? Weights.Values.device);
        CopyInto(copy);
        return copy;
    }

    /// <summary>One number per token, each of the text up to and with that token.</summary>
    /// <param name="tokens">[batch, time] int64</param>
    /// <returns>[batch, time], float32</returns>
    public Tensor Scores(Tensor tokens, Tensor? segments = null)
    {
        using var scope = NewDisposeScope();
        return ScoresOf(Trunk.Hidden(tokens, segments)).MoveToOuterDisposeScope();
    }

    /// <summary>The same from the last hidden state.</summary>
    /// <param name="hidden">[..., width]</param>
    /// <returns>[...], float32</returns>
    public Tensor ScoresOf(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        // The product itself in 32 bits: a reward rounded to 8 bits could not tell two good answers apart.
        return nn.functional.linear(hidden.to(ScalarType.Float32), _score.to(ScalarType.Float32)).squeeze(-1).MoveToOuterDisposeScope();
    }
}
