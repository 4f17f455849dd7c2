using System.Collections.Immutable;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Attune.Models.Decoding;

/// <summary>
/// A language model's forward pass with keys and values kept on its device: [slots, keyValueHeads, capacity, headWidth] in each layer,
/// allocated once, so that every step has the same shapes.
/// </summary>
internal sealed class CachedForward : IDisposable
{
    private readonly LanguageModel _model;
    private readonly TransformerConfig _config;
    private readonly Tensor[] _keys,
        _values;
    private readonly RotaryTables? _rotary;
    private readonly Device _device;

    internal CachedForward(LanguageModel model, int slots, int capacity)
    {
        (_model, _config, _device) = (model, model.Config, model.Weights.Values.device);
        using var scope = NewDisposeScope();
        long[] shape = [slots, _config.KeyValueHeads, capacity, _config.HeadWidth];
        _keys = [.. Enumerable.Range(0, _config.Layers).Select(_ => zeros(shape, model.Weights.Type, _device).DetachFromDisposeScope())];
        _values = [.. Enumerable.Range(0, _config.Layers).Select(_ => zeros(shape, model.Weights.Type, _device).DetachFromDisposeScope())];
        _rotary = RotaryTables.For(_config, model.Weights.Type, _device);
    }

    /// <summary>Reads prompts, padded on the right to the longest of them, into slots.</summary>
    /// <returns>[prompts, vocabulary] after each prompt's last token, float32, on the host</returns>
    internal Tensor Prefill(long[] slots, ImmutableArray<int>[] prompts)
    {
        using var scope = NewDisposeScope();
        var longest = prompts.Max(p => p.Length);
        var tokens = tensor(prompts.SelectMany(p => p.Select(t => (long)t).Concat(new long[longest - p.Length])).ToArray())
            .view(prompts.Length, longest)
            .to(_device);
        var positions = arange(longest, ScalarType.Int64, _device).expand(prompts.Length, longest);
        var places = tensor(slots).to(_device);
        var windowed = _config.SlidingWindow < longest;
        var plain = _model.Weights.Type == ScalarType.Float32 && !_config.NeedsScores;
        var full = plain ? null : CausalAttention.Future(longest, _device);
        var inWindow = windowed ? CausalAttention.Future(longest, _device, _config.SlidingWindow) : full;
        var hidden = Run(
            tokens,
            positions,
            [.. prompts.Select(p => (long)p.Length)],
            (layer, query, key, value) =>
            {
                _keys[layer].narrow(2, 0, longest).index_copy_(0, places, key);
                _values[layer].narrow(2, 0, longest).index_copy_(0, places, value);
                // What stands after a prompt's end is overwritten before it is seen: no token looks ahead.
                var forbidden = _config.HasWindow(layer) ? inWindow : full;
                return CausalAttention.Attend(query, key, value, forbidden, _config.AttentionCap, SinksOf(layer));
            }
        );
        var last = tensor(prompts.Select((p, i) => (long)i * longest + p.Length - 1).ToArray()).to(_device);
        return Logits(hidden.view(-1, _config.Width).index_select(0, last)).MoveToOuterDisposeScope();
    }

    /// <summary>Reads a text without keeping it.</summary>
    /// <returns>[tokens, vocabulary] after each token, float32, on the host</returns>
    internal Tensor Given(ImmutableArray<int> text)
    {
        using var scope = NewDisposeScope();
        var tokens = tensor([.. text.Select(t => (long)t)]).unsqueeze(0).to(_device);
        var logits = _model.Logits(_model.Trunk.Hidden(tokens)).squeeze(0);
        return logits.to(ScalarType.Float32).cpu().contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>One token more in every slot.</summary>
    /// <param name="positions">Of these tokens.</param>
    /// <returns>[slots, vocabulary], float32, on the host</returns>
    internal Tensor Decode(long[] tokens, long[] positions)
    {
        using var scope = NewDisposeScope();
        var slots = tokens.Length;
        var at = tensor(positions).view(slots, 1).to(_device);
        var visible = positions.Max() + 1;
        var columns = arange(visible, ScalarType.Int64, _device).view(1, 1, 1, visible);
        var ahead = columns.gt(at.view(slots, 1, 1, 1));
        var outside = _config.SlidingWindow is { } window ? ahead | columns.le(at.view(slots, 1, 1, 1) - window) : ahead;
        var place = at.view(slots, 1, 1, 1).expand(slots, _config.KeyValueHeads, 1, _config.HeadWidth);
        var hidden = Run(
            tensor(tokens).view(slots, 1).to(_device),
            at,
            Array.ConvertAll(positions, p => p + 1),
            (layer, query, key, value) =>
            {
                _keys[layer].scatter_(2, place, key);
                _values[layer].scatter_(2, place, value);
                var (keys, values) = (_keys[layer].narrow(2, 0, visible), _values[layer].narrow(2, 0, visible));
                return Attend(query, keys, values, _config.HasWindow(layer) ? outside : ahead, SinksOf(layer));
            }
        );
        return Logits(hidden.view(slots, _config.Width)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var tensor in _keys.Concat(_values))
        {
            tensor.Dispose();
        }

        _rotary?.Dispose();
    }

    /// <param name="query">[rows, heads, time, headWidth]; key and value [rows, keyValueHeads, time, headWidth]</param>
    /// <returns>[rows, time, width]</returns>
    private delegate Tensor Attention(int layer, Tensor query, Tensor key, Tensor value);

    /// <param name="lengths">Of each row's text, its new tokens included.</param>
    private Tensor Run(Tensor tokens, Tensor positions, long[] lengths, Attention attend)
    {
        var (rows, time) = (tokens.size(0), tokens.size(1));
        Tensor Of(Tensor table) => table.index_select(0, positions.reshape(-1)).view(rows, time, -1);
        var hidden = _model.Weights["tokens"].index_select(0, tokens.reshape(-1)).view(rows, time, _config.Width);
        hidden = _config.EmbeddingScale == 1 ? hidden : hidden * _config.EmbeddingScale;
        hidden = _config.Positions == PositionKind.Learned ? hidden + Of(_model.Weights["positions"]) : hidden;
        var full = ViewOf(windowed: false);
        var views = new TokenViews(full, _config.WindowRopeTheta is null ? full : ViewOf(windowed: true));
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            var own = layer;
            using var scope = NewDisposeScope();
            hidden = _model
                .Trunk.Layer(layer)
                .Forward(hidden, views.For(_config, layer), (query, key, value) => attend(own, query, key, value))
                .MoveToOuterDisposeScope();
        }

        return hidden;

        TokenView ViewOf(bool windowed)
        {
            var (cosines, sines) = _rotary is null ? default : _rotary.At(windowed, positions, lengths);
            return new TokenView(null, null, cosines, sines);
        }
    }

    private Parameter? SinksOf(int layer) => _model.Weights.Find($"layers.{layer}.sinks.bias");

    /// <summary>Attention of one query a slot to what its slot holds; the queries that share keys are computed together.</summary>
    private Tensor Attend(Tensor query, Tensor keys, Tensor values, Tensor hiddenFromView, Tensor? sinks)
    {
        var (slots, shared, visible, width) = (keys.size(0), keys.size(1), keys.size(2), keys.size(3));
        var group = _config.Heads / shared;
        var scaled = (query * (1 / Math.Sqrt(width))).reshape(slots * shared, group, width);
        var scores = scaled.bmm(keys.reshape(slots * shared, visible, width).transpose(1, 2)).view(slots, shared, group, visible);
        var seen = CausalAttention.Capped(scores, _config.AttentionCap).masked_fill(hiddenFromView, float.NegativeInfinity);
        var weights = CausalAttention.Shares(seen, sinks?.view(1, shared, group, 1)).reshape(slots * shared, group, visible);
        return weights.bmm(values.reshape(slots * shared, visible, width)).view(slots, 1, _config.QueryWidth);
    }

    private Tensor Logits(Tensor hidden)
    {
        var normed = TransformerLayer.Norm(_config, hidden, _model.Weights["norm.weight"], _model.Weights.Find("norm.bias"));
        return _model.Logits(normed).to(ScalarType.Float32).cpu().contiguous();
    }
}
