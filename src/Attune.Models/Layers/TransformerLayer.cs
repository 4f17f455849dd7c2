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

/// <summary>One pre-norm layer: attention and a feed-forward map, each added to the residual stream.</summary>
internal sealed class TransformerLayer
{
    private readonly TransformerConfig _config;
    private readonly LinearMap _qkv,
        _out,
        _up,
        _down;
    private readonly Parameter _norm1,
        _norm2;
    private readonly Parameter? _queryNorm,
        _keyNorm;
    private readonly Parameter? _norm1Bias,
        _norm2Bias;

    internal TransformerLayer(TransformerConfig config, FlatParameters parameters, LinearMaps maps, int index)
    {
        _config = config;
        (_norm1, _norm1Bias) = Pair("norm1");
        (_queryNorm, _keyNorm) = (parameters.Find($"layers.{index}.queryNorm.weight"), parameters.Find($"layers.{index}.keyNorm.weight"));
        (_norm2, _norm2Bias) = Pair("norm2");
        (_qkv, _out, _up, _down) = (Map("qkv"), Map("out"), Map("up"), Map("down"));

        LinearMap Map(string name) => maps[$"layers.{index}.{name}"];

        (Parameter, Parameter?) Pair(string name) =>
            (parameters[$"layers.{index}.{name}.weight"], parameters.Find($"layers.{index}.{name}.bias"));
    }

    /// <summary>Whether its weights are trained, which are so together, or what an adapter adds to them.</summary>
    internal bool IsTrained => Anchor.requires_grad;

    /// <summary>A parameter that ties the layer's output to what is trained in autograd's eyes.</summary>
    internal Parameter Anchor => AnchorOf(_norm1, _qkv, _out, _up, _down);

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
    internal Tensor Forward(Tensor hidden, TokenView view)
    {
        using var scope = NewDisposeScope();
        var attended = hidden + Attention(Norm(_config, hidden, _norm1, _norm1Bias), view);
        return (attended + FeedForward(Norm(_config, attended, _norm2, _norm2Bias), view)).MoveToOuterDisposeScope();
    }

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

    private Tensor Attention(Tensor normed, TokenView view)
    {
        var joint = _qkv.Forward(normed, view.Rng); // [batch, time, queryWidth + 2 * keyValueWidth]
        var query = Heads(joint, 0, _config.Heads);
        var key = Heads(joint, _config.QueryWidth, _config.KeyValueHeads);
        var value = Heads(joint, _config.QueryWidth + _config.KeyValueWidth, _config.KeyValueHeads);
        if (_queryNorm is not null)
        {
            (query, key) = (RootMeanSquare(_config, query, _queryNorm), RootMeanSquare(_config, key, _keyNorm!));
        }

        if (view is { Cosines: { } cosines, Sines: { } sines })
        {
            query = RotaryEmbedding.Turn(query, cosines, sines);
            key = RotaryEmbedding.Turn(key, cosines, sines);
        }

        return _out.Forward(CausalAttention.Attend(query, key, value, view.Forbidden), view.Rng);
    }

    /// <returns>[batch, heads, time, headWidth]</returns>
    private Tensor Heads(Tensor joint, long start, long heads) =>
        joint.narrow(-1, start, heads * _config.HeadWidth).view(joint.size(0), joint.size(1), heads, _config.HeadWidth).transpose(1, 2);

    private Tensor FeedForward(Tensor normed, TokenView view)
    {
        var up = _up.Forward(normed, view.Rng); // [batch, time, hidden], twice that with a gate
        return _down.Forward(Activated(_config, up), view.Rng);
    }

    /// <param name="up">[..., hidden], twice that with a gate, which comes first</param>
    internal static Tensor Activated(TransformerConfig config, Tensor up)
    {
        const TorchSharp.Modules.GELU.Approximate tanh = TorchSharp.Modules.GELU.Approximate.tanh;
        if (!config.IsGated)
        {
            return up.gelu(tanh);
        }

        var gate = up.narrow(-1, 0, config.HiddenWidth);
        return (config.FeedForward == FeedForwardKind.GeGlu ? gate.gelu(tanh) : gate.silu())
            * up.narrow(-1, config.HiddenWidth, config.HiddenWidth);
    }
}
