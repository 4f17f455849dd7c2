using Attune.Core.Runs;
using Attune.Models.Configuration;
using Attune.Models.Layers;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Models.Architecture;

/// <summary>
/// A decoder-only trunk of the GPT-2 or Llama kind, by configuration (<see cref="Config"/>). It owns no weights: they lie in the model's
/// <see cref="FlatParameters"/>. Rows are padded on the right, if at all: no token looks ahead, so padding changes nothing before it.
/// </summary>
public sealed class Transformer : IDisposable
{
    private readonly FlatParameters _parameters;
    private readonly TransformerLayer[] _layers;
    private readonly RotaryTables? _rotary; // float32

    internal Transformer(TransformerConfig config, FlatParameters parameters, LinearMaps maps)
    {
        Config = config;
        _parameters = parameters;
        Maps = maps;
        Fused = FusedTrunk.For(config, parameters, maps);
        _layers = [.. Enumerable.Range(0, config.Layers).Select(i => new TransformerLayer(config, parameters, maps, i))];
        _rotary = RotaryTables.For(config, ScalarType.Float32, parameters.Values.device);
    }

    public TransformerConfig Config { get; }

    /// <summary>
    /// Keep only each layer's input for the backward pass, and compute the layer again there: a third more work in a fraction of the
    /// memory.
    /// Results stay the same to the last bit.
    /// </summary>
    public bool Recompute { get; set; }

    internal LinearMaps Maps { get; }

    /// <summary>The same mathematics on own kernels; null where they do not fit, or to do without them.</summary>
    internal FusedTrunk? Fused { get; set; }

    /// <summary>The last hidden state, after the final norm.</summary>
    /// <param name="tokens">[batch, time] int64, each id inside the vocabulary</param>
    /// <param name="segments">
    /// [batch, time] int64 where several texts share a row: tokens look only at their own segment and positions count from its
    /// start. A segment is one contiguous stretch of a row.
    /// </param>
    /// <returns>[batch, time, width]</returns>
    public Tensor Hidden(Tensor tokens, Tensor? segments = null) => Upper(Lower(tokens, 0, segments), 0, segments);

    /// <summary>
    /// The hidden state after the embeddings and the lowest <paramref name="layers"/> layers: what frozen layers give, once for all epochs.
    /// </summary>
    /// <returns>[batch, time, width]</returns>
    public Tensor Lower(Tensor tokens, int layers, Tensor? segments = null)
    {
        CheckTokens(tokens, segments);
        CheckLayer(layers);
        using var scope = NewDisposeScope();
        if (Fused is { IsReady: true } fused)
        {
            var starts = segments is null ? null : FusedTrunk.StartsOf(segments);
            var embedded = Scaled(fused.Embed(tokens, starts));
            return RunFusedLayers(fused, embedded, 0, layers, tokens.shape, starts)
                .view(tokens.size(0), tokens.size(1), Config.Width)
                .MoveToOuterDisposeScope();
        }

        var views = ViewsOf(tokens.size(1), segments);
        var hidden = Scaled(Rows(_parameters["tokens"], tokens));
        if (Config.Positions == PositionKind.Learned)
        {
            hidden =
                hidden
                + (
                    views.Full.Positions is null
                        ? _parameters["positions"].narrow(0, 0, tokens.size(1))
                        : Rows(_parameters["positions"], views.Full.Positions)
                );
        }

        var rng = NextDropoutSeed();
        for (var layer = 0; layer < layers; layer++)
        {
            hidden = RunLayer(layer, hidden, views.For(Config, layer) with { Rng = rng });
        }

        return hidden.MoveToOuterDisposeScope();
    }

    /// <summary>The rest of the trunk over what <see cref="Lower"/> gave for the same <paramref name="fromLayer"/>.</summary>
    /// <param name="hidden">[batch, time, width]</param>
    public Tensor Upper(Tensor hidden, int fromLayer, Tensor? segments = null)
    {
        if (hidden.dim() != 3 || hidden.size(2) != Config.Width)
        {
            throw new ArgumentException(
                $"hidden has shape [{string.Join(", ", hidden.shape)}]; expected [batch, time, {Config.Width}].",
                nameof(hidden)
            );
        }

        CheckLayer(fromLayer);
        using var scope = NewDisposeScope();
        if (Fused is { IsReady: true } fused)
        {
            return UpperFused(fused, hidden, fromLayer, segments).view(hidden.shape).MoveToOuterDisposeScope();
        }

        hidden = hidden.to(_parameters.Type);
        var views = ViewsOf(hidden.size(1), segments);
        var rng = NextDropoutSeed();
        for (var layer = fromLayer; layer < _layers.Length; layer++)
        {
            hidden = RunLayer(layer, hidden, views.For(Config, layer) with { Rng = rng });
        }

        return TransformerLayer.Norm(Config, hidden, _parameters["norm.weight"], _parameters.Find("norm.bias")).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// <see cref="Upper"/> at some positions alone. On own kernels the last layer computes no more than they need, forwards and backwards;
    /// an adapter's dropout draws by row, so all rows are computed where there is one.
    /// </summary>
    /// <param name="positions">[n] int64, each row * time + place</param>
    /// <returns>[n, width]</returns>
    public Tensor UpperAt(Tensor hidden, int fromLayer, Tensor positions, Tensor? segments = null)
    {
        using var scope = NewDisposeScope();
        if (DropsOut || fromLayer >= _layers.Length || Fused is not { IsReady: true } fused)
        {
            return Upper(hidden, fromLayer, segments).reshape(-1, Config.Width).index_select(0, positions).MoveToOuterDisposeScope();
        }

        CheckLayer(fromLayer);
        return UpperFused(fused, hidden, fromLayer, segments, positions).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _rotary?.Dispose();
    }

    /// <summary>The layers from one on and the last norm, on own kernels.</summary>
    /// <returns>[batch * time or n, width]</returns>
    private Tensor UpperFused(FusedTrunk fused, Tensor hidden, int fromLayer, Tensor? segments, Tensor? wanted = null)
    {
        var starts = segments is null ? null : FusedTrunk.StartsOf(segments);
        var rows = hidden.to(ScalarType.Float32).reshape(-1, Config.Width).contiguous();
        return fused.LastNorm(RunFusedLayers(fused, rows, fromLayer, _layers.Length, hidden.shape, starts, wanted));
    }

    /// <summary>Some layers on own kernels.</summary>
    /// <param name="rows">[batch * time, width], float32</param>
    /// <param name="wanted">[n] rows that are wanted of the last of them; null for all.</param>
    private Tensor RunFusedLayers(FusedTrunk fused, Tensor rows, int from, int to, long[] shape, int[]? starts, Tensor? wanted = null)
    {
        var view = fused.ViewOf(shape[0], shape[1], starts, _rotary) with { Rng = NextDropoutSeed() };
        for (var layer = from; layer < to; layer++)
        {
            rows = fused.Layer(layer, rows, view, Recompute, layer == to - 1 ? wanted : null);
        }

        return rows;
    }

    private Tensor Scaled(Tensor embedded) => Config.EmbeddingScale == 1 ? embedded : embedded * Config.EmbeddingScale;

    /// <summary>What an adapter's dropout draws from in this pass; null where nothing is dropped, as where nothing is learned.</summary>
    private Seed? NextDropoutSeed() => DropsOut ? Maps.Adapter!.Weights.NextPass() : null;

    private bool DropsOut => Maps.Adapter is { Config.Dropout: > 0 } && is_grad_enabled();

    private Tensor RunLayer(int layer, Tensor hidden, TokenView view) =>
        Recompute && is_grad_enabled() && (hidden.requires_grad || _layers[layer].IsTrained)
            ? RecomputedLayer.apply(hidden, _layers[layer].Anchor, new RecomputedCall(_layers[layer], view))
            : _layers[layer].Forward(hidden, view);

    /// <summary>One of the layers, to be run with attention of the caller's.</summary>
    internal TransformerLayer Layer(int index) => _layers[index];

    /// <summary>What a token may see, and the angles of its position, in layers without a window and in those with one.</summary>
    private TokenViews ViewsOf(long time, Tensor? segments)
    {
        var elsewhere = segments is null ? null : CausalAttention.Elsewhere(segments); // [batch, 1, time, time]
        var positions = elsewhere is null ? null : elsewhere.squeeze(1).logical_not().sum(-1, type: ScalarType.Int64) - 1; // [batch, time]
        var full = ViewOf(windowed: false);
        return new TokenViews(full, Config.SlidingWindow is null ? full : ViewOf(windowed: true));

        TokenView ViewOf(bool windowed)
        {
            var (cosines, sines) = _rotary is null ? default : _rotary.Of(windowed, time);
            return new TokenView(Forbidden(windowed && Config.SlidingWindow < time), positions, Angles(cosines), Angles(sines));
        }

        Tensor? Forbidden(bool windowed)
        {
            var (device, window) = (_parameters.Values.device, windowed ? Config.SlidingWindow : null);
            return elsewhere is not null ? (windowed ? elsewhere | CausalAttention.Future(time, device, window) : elsewhere)
                : _parameters.Type == ScalarType.Float32 && !windowed && !Config.NeedsScores ? null
                : CausalAttention.Future(time, device, window);
        }

        Tensor? Angles(Tensor? table) =>
            table is null ? null
            : positions is null ? table.narrow(0, 0, time).to(_parameters.Type)
            : Rows(table, positions).unsqueeze(1).to(_parameters.Type);
    }

    /// <summary>[batch, time] indices into [rows, width] give [batch, time, width].</summary>
    private static Tensor Rows(Tensor table, Tensor indices) =>
        table.index_select(0, indices.reshape(-1)).view(indices.size(0), indices.size(1), table.size(1));

    private void CheckTokens(Tensor tokens, Tensor? segments)
    {
        if (tokens.dim() != 2 || tokens.dtype != ScalarType.Int64)
        {
            throw new ArgumentException(
                $"tokens has shape [{string.Join(", ", tokens.shape)}] and type {tokens.dtype}; expected [batch, time] of Int64.",
                nameof(tokens)
            );
        }

        if (tokens.size(1) > Config.ContextLength && segments is null)
        {
            throw new ArgumentException(
                $"tokens has {tokens.size(1)} positions; the model's context is {Config.ContextLength}.",
                nameof(tokens)
            );
        }

        if (segments is not null && !segments.shape.AsSpan().SequenceEqual(tokens.shape))
        {
            throw new ArgumentException(
                $"segments has shape [{string.Join(", ", segments.shape)}]; expected that of tokens, [{string.Join(", ", tokens.shape)}].",
                nameof(segments)
            );
        }
    }

    private void CheckLayer(int layer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(layer, _layers.Length);
    }
}
