using Attune.Core.Runs;
using Attune.Models.Configuration;
using Attune.Models.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>What every layer needs to know of the tokens of one call.</summary>
/// <param name="Forbidden">True where a token must not look; null where causality is all and the fused kernel can be used.</param>
/// <param name="Positions">[batch, time] where they do not simply count up from 0.</param>
/// <param name="Cosines">Of the rotary angles, [time, half] or [batch, 1, time, half]; null without rotary positions.</param>
internal sealed record TokenView(Tensor? Forbidden, Tensor? Positions, Tensor? Cosines, Tensor? Sines)
{
    /// <summary>What an adapter's dropout draws from; null for none.</summary>
    internal Seed? Rng { get; init; }
}

/// <summary>What layers without a window, and with one, need to know; one and the same without a window.</summary>
internal sealed record TokenViews(TokenView Full, TokenView Windowed)
{
    internal TokenView For(TransformerConfig config, int layer)
    {
        var view = config.HasWindow(layer) ? Windowed : Full;
        return config.IsTurned(layer) ? view : view with { Cosines = null, Sines = null };
    }
}

/// <summary>Attention of queries to keys: [batch, heads, time, headWidth] and [batch, keyValueHeads, time, headWidth] twice.</summary>
/// <returns>[batch, time, heads * headWidth]</returns>
internal delegate Tensor AttentionCore(Tensor query, Tensor key, Tensor value);

/// <summary>One layer: attention and a feed-forward map, each added to the residual stream.</summary>
internal sealed class TransformerLayer
{
    private readonly TransformerConfig _config;
    private readonly LinearMap _qkv,
        _out;
    private readonly FeedForward _feedForward;
    private readonly NormWeights? _norm1,
        _norm1After,
        _norm2,
        _norm2After;
    private readonly Parameter? _queryNorm,
        _keyNorm,
        _sinks;

    internal TransformerLayer(TransformerConfig config, FlatParameters parameters, LinearMaps maps, int index)
    {
        _config = config;
        (_norm1, _norm1After, _norm2, _norm2After) = (Norm("norm1"), Norm("norm1After"), Norm("norm2"), Norm("norm2After"));
        (_queryNorm, _keyNorm) = (parameters.Find($"layers.{index}.queryNorm.weight"), parameters.Find($"layers.{index}.keyNorm.weight"));
        _sinks = parameters.Find($"layers.{index}.sinks.bias");
        (_qkv, _out) = (maps[$"layers.{index}.qkv"], maps[$"layers.{index}.out"]);
        _feedForward = FeedForward.Of(config, maps, index);

        NormWeights? Norm(string name) =>
            parameters.Find($"layers.{index}.{name}.weight") is { } weight
                ? new NormWeights(weight, parameters.Find($"layers.{index}.{name}.bias"))
                : null;
    }

    private sealed record NormWeights(Parameter Weight, Parameter? Bias);

    /// <summary>Whether its weights are trained, which are so together, or what an adapter adds to them.</summary>
    internal bool IsTrained => Anchor.requires_grad;

    /// <summary>A parameter that ties the layer's output to what is trained in autograd's eyes.</summary>
    internal Parameter Anchor => AnchorOf((_norm1 ?? _norm1After)!.Weight, [_qkv, _out, .. _feedForward.Maps]);

    internal static Parameter AnchorOf(Parameter own, params ReadOnlySpan<LinearMap> maps)
    {
        foreach (var map in maps)
        {
            if (map.Parts.Length > 0)
            {
                return map.Parts[0].A;
            }
        }

        return own;
    }

    /// <param name="hidden">[batch, time, width]</param>
    internal Tensor Forward(Tensor hidden, TokenView view) =>
        Forward(
            hidden,
            view,
            (query, key, value) => CausalAttention.Attend(query, key, value, view.Forbidden, _config.AttentionCap, _sinks)
        );

    /// <summary>The layer with attention of the caller's, which may keep keys and values.</summary>
    internal Tensor Forward(Tensor hidden, TokenView view, AttentionCore attend)
    {
        using var scope = NewDisposeScope();
        var attended = hidden + Scaled(Normed(Attention(Normed(hidden, _norm1), view, attend), _norm1After));
        var input = _config.ParallelBranches ? hidden : attended;
        return (attended + Scaled(Normed(_feedForward.Forward(Normed(input, _norm2), view.Rng), _norm2After))).MoveToOuterDisposeScope();
    }

    private Tensor Normed(Tensor hidden, NormWeights? norm) => norm is null ? hidden : Norm(_config, hidden, norm.Weight, norm.Bias);

    private Tensor Scaled(Tensor branch) => _config.BranchScale == 1 ? branch : branch * _config.BranchScale;

    internal static Tensor Norm(TransformerConfig config, Tensor hidden, Tensor weight, Tensor? bias)
    {
        if (config.Norm == NormKind.LayerNorm)
        {
            return nn.functional.layer_norm(hidden, [config.Width], weight, bias, config.NormEpsilon);
        }

        return RootMeanSquare(config, hidden, weight);
    }

    /// <summary>RMSNorm over the last dimension.</summary>
    internal static Tensor RootMeanSquare(TransformerConfig config, Tensor hidden, Tensor weight)
    {
        // The mean square is taken in 32 bits whatever the weights' type, as Hugging Face's models do.
        var exact = hidden.to(ScalarType.Float32);
        var scaled = exact * (exact.square().mean([-1], keepdim: true) + config.NormEpsilon).rsqrt();
        return scaled.to(weight.dtype) * weight;
    }

    private Tensor Attention(Tensor normed, TokenView view, AttentionCore attend)
    {
        var joint = _qkv.Forward(normed, view.Rng); // [batch, time, queryWidth + 2 * keyValueWidth]
        var (queries, shared) = (_config.QueryWidth, _config.KeyValueWidth);
        var query = Heads(HeadsNormed(joint.narrow(-1, 0, queries), _queryNorm), _config.Heads);
        var key = Heads(HeadsNormed(joint.narrow(-1, queries, shared), _keyNorm), _config.KeyValueHeads);
        var value = Heads(joint.narrow(-1, queries + shared, shared), _config.KeyValueHeads);
        if (view is { Cosines: { } cosines, Sines: { } sines })
        {
            query = RotaryEmbedding.Turn(query, cosines, sines);
            key = RotaryEmbedding.Turn(key, cosines, sines);
        }

        if (_config.AttentionScale is { } scale)
        {
            // Attention divides by the root of a head's width.
            query = query * (scale * Math.Sqrt(_config.HeadWidth));
        }

        return _out.Forward(attend(query, key, value), view.Rng);
    }

    /// <param name="rows">[batch, time, heads * headWidth]</param>
    private Tensor HeadsNormed(Tensor rows, Parameter? norm) =>
        norm is null ? rows
        : _config.WholeQueryKeyNorm ? RootMeanSquare(_config, rows, norm)
        : RootMeanSquare(_config, rows.reshape(rows.size(0), rows.size(1), -1, _config.HeadWidth), norm).view(rows.shape);

    /// <returns>[batch, heads, time, headWidth]</returns>
    private Tensor Heads(Tensor rows, long heads) => rows.view(rows.size(0), rows.size(1), heads, _config.HeadWidth).transpose(1, 2);

    /// <param name="up">[..., hidden], twice that with a gate, which comes first</param>
    internal static Tensor Activated(TransformerConfig config, Tensor up)
    {
        const GELU.Approximate tanh = GELU.Approximate.tanh;
        if (!config.IsGated)
        {
            return up.gelu(config.FeedForward == FeedForwardKind.ExactGelu ? GELU.Approximate.none : tanh);
        }

        var hidden = up.size(-1) / 2;
        var gate = up.narrow(-1, 0, hidden);
        if (config.FeedForward == FeedForwardKind.BoundedSwiGlu)
        {
            var (bounded, values) = (gate.clamp_max(config.GateBound), up.narrow(-1, hidden, hidden));
            return (values.clamp(-config.GateBound, config.GateBound) + 1) * bounded * (bounded * config.GateSlope).sigmoid();
        }

        return (config.FeedForward == FeedForwardKind.GeGlu ? gate.gelu(tanh) : gate.silu()) * up.narrow(-1, hidden, hidden);
    }
}
