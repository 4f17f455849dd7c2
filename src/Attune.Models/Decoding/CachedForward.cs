using System.Collections.Immutable;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Layers;
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
    private readonly Tensor? _cosines,
        _sines; // [contextLength, half]
    private readonly Device _device;

    internal CachedForward(LanguageModel model, int slots, int capacity)
    {
        (_model, _config, _device) = (model, model.Config, model.Weights.Values.device);
        using var scope = NewDisposeScope();
        long[] shape = [slots, _config.KeyValueHeads, capacity, _config.HeadWidth];
        _keys = [.. Enumerable.Range(0, _config.Layers).Select(_ => zeros(shape, model.Weights.Type, _device).DetachFromDisposeScope())];
        _values = [.. Enumerable.Range(0, _config.Layers).Select(_ => zeros(shape, model.Weights.Type, _device).DetachFromDisposeScope())];
        if (_config.Positions == PositionKind.Rotary)
        {
            var (cosines, sines) = RotaryEmbedding.Tables(_config);
            _cosines = Table(cosines);
            _sines = Table(sines);
        }

        Tensor Table(float[] numbers) =>
            tensor(numbers).view(_config.ContextLength, _config.HeadWidth / 2).to(model.Weights.Type).to(_device).DetachFromDisposeScope();
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
        var forbidden =
            _model.Weights.Type == ScalarType.Float32 && !windowed
                ? null
                : CausalAttention.Future(longest, _device, windowed ? _config.SlidingWindow : null);
        var hidden = Run(
            tokens,
            positions,
            (layer, query, key, value) =>
            {
                _keys[layer].narrow(2, 0, longest).index_copy_(0, places, key);
                _values[layer].narrow(2, 0, longest).index_copy_(0, places, value);
                // What stands after a prompt's end is overwritten before it is seen: no token looks ahead.
                return CausalAttention.Attend(query, key, value, forbidden);
            }
        );
        var last = tensor(prompts.Select((p, i) => (long)i * longest + p.Length - 1).ToArray()).to(_device);
        return Logits(hidden.view(-1, _config.Width).index_select(0, last)).MoveToOuterDisposeScope();
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
        var hiddenFromView = columns.gt(at.view(slots, 1, 1, 1));
        if (_config.SlidingWindow is { } window)
        {
            hiddenFromView |= columns.le(at.view(slots, 1, 1, 1) - window);
        }

        var place = at.view(slots, 1, 1, 1).expand(slots, _config.KeyValueHeads, 1, _config.HeadWidth);
        var hidden = Run(
            tensor(tokens).view(slots, 1).to(_device),
            at,
            (layer, query, key, value) =>
            {
                _keys[layer].scatter_(2, place, key);
                _values[layer].scatter_(2, place, value);
                return Attend(query, _keys[layer].narrow(2, 0, visible), _values[layer].narrow(2, 0, visible), hiddenFromView);
            }
        );
        return Logits(hidden.view(slots, _config.Width)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var tensor in _keys.Concat(_values).Append(_cosines).Append(_sines))
        {
            tensor?.Dispose();
        }
    }

    /// <param name="query">[rows, heads, time, headWidth]; key and value [rows, keyValueHeads, time, headWidth]</param>
    /// <returns>[rows, time, width]</returns>
    private delegate Tensor Attention(int layer, Tensor query, Tensor key, Tensor value);

    private Tensor Run(Tensor tokens, Tensor positions, Attention attend)
    {
        var (rows, time) = (tokens.size(0), tokens.size(1));
        Tensor Of(Tensor table) => table.index_select(0, positions.reshape(-1)).view(rows, time, -1);
        var hidden = _model.Weights["tokens"].index_select(0, tokens.reshape(-1)).view(rows, time, _config.Width);
        hidden = _config.EmbeddingScale == 1 ? hidden : hidden * _config.EmbeddingScale;
        hidden = _config.Positions == PositionKind.Learned ? hidden + Of(_model.Weights["positions"]) : hidden;
        var cosines = _cosines is null ? null : Of(_cosines).unsqueeze(1);
        var sines = _sines is null ? null : Of(_sines).unsqueeze(1);
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            using var scope = NewDisposeScope();
            var joint = Linear(Norm(hidden, $"layers.{layer}.norm1"), $"layers.{layer}.qkv");
            var query = Turned(HeadNorm(Heads(joint, 0, _config.Heads), $"layers.{layer}.queryNorm.weight"));
            var key = Turned(HeadNorm(Heads(joint, _config.QueryWidth, _config.KeyValueHeads), $"layers.{layer}.keyNorm.weight"));
            var value = Heads(joint, _config.QueryWidth + _config.KeyValueWidth, _config.KeyValueHeads);
            hidden = hidden + Linear(attend(layer, query, key, value), $"layers.{layer}.out");
            hidden = (hidden + FeedForward(Norm(hidden, $"layers.{layer}.norm2"), layer)).MoveToOuterDisposeScope();
        }

        return hidden;

        Tensor Turned(Tensor heads) => cosines is null ? heads : RotaryEmbedding.Turn(heads, cosines, sines!);
    }

    /// <summary>Attention of one query a slot to what its slot holds; the queries that share keys are computed together.</summary>
    private Tensor Attend(Tensor query, Tensor keys, Tensor values, Tensor hiddenFromView)
    {
        var (slots, shared, visible, width) = (keys.size(0), keys.size(1), keys.size(2), keys.size(3));
        var group = _config.Heads / shared;
        var scaled = (query * (1 / Math.Sqrt(width))).reshape(slots * shared, group, width);
        var scores = scaled.bmm(keys.reshape(slots * shared, visible, width).transpose(1, 2)).view(slots, shared, group, visible);
        var weights = scores.masked_fill(hiddenFromView, float.NegativeInfinity).softmax(-1).view(slots * shared, group, visible);
        return weights.bmm(values.reshape(slots * shared, visible, width)).view(slots, 1, _config.QueryWidth);
    }

    private Tensor Heads(Tensor joint, long start, long heads) =>
        joint.narrow(-1, start, heads * _config.HeadWidth).view(joint.size(0), joint.size(1), heads, _config.HeadWidth).transpose(1, 2);

    private Tensor HeadNorm(Tensor heads, string name) =>
        _model.Weights.Find(name) is { } weight ? TransformerLayer.RootMeanSquare(_config, heads, weight) : heads;

    private Tensor FeedForward(Tensor normed, int layer) =>
        Linear(TransformerLayer.Activated(_config, Linear(normed, $"layers.{layer}.up")), $"layers.{layer}.down");

    private Tensor Linear(Tensor input, string name) =>
        nn.functional.linear(input, _model.Weights[$"{name}.weight"], _model.Weights.Find($"{name}.bias"));

    private Tensor Norm(Tensor hidden, string name) =>
        TransformerLayer.Norm(_config, hidden, _model.Weights[$"{name}.weight"], _model.Weights.Find($"{name}.bias"));

    private Tensor Logits(Tensor hidden) => _model.Logits(Norm(hidden, "norm")).to(ScalarType.Float32).cpu().contiguous();
}
