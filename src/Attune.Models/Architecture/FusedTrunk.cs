using Attune.Kernels;
using Attune.Models.Configuration;
using Attune.Models.Layers;
using Attune.Models.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Models.Architecture;

/// <summary>
/// The trunk on this project's own kernels, on processors with fused multiply-add. The residual stream is float32 even where weights are
/// bfloat16. Gradients of weights go straight into <see cref="FlatParameters.Gradients"/>.
/// </summary>
internal sealed class FusedTrunk
{
    private readonly TransformerConfig _config;
    private readonly FlatParameters _parameters;
    private readonly LinearMaps _maps;
    private readonly TensorKernels _kernels;
    private readonly FusedLayer[] _layers;

    private FusedTrunk(TransformerConfig config, FlatParameters parameters, LinearMaps maps, TensorKernels kernels)
    {
        (_config, _parameters, _maps, _kernels) = (config, parameters, maps, kernels);
        _layers = [.. Enumerable.Range(0, config.Layers).Select(i => new FusedLayer(config, parameters, maps, kernels, i))];
    }

    /// <summary>Null where the kernels do not fit processor, device, type, widths or kind of layer.</summary>
    internal static FusedTrunk? For(TransformerConfig config, FlatParameters parameters, LinearMaps maps) =>
        parameters.Values.device_type == DeviceType.CPU
        && config.IsPlain
        && !(config.QueryKeyNorm && config.HeadWidth % 16 != 0)
        && TensorKernels.For(parameters.Type, config) is { } kernels
            ? new FusedTrunk(config, parameters, maps, kernels)
            : null;

    /// <summary>
    /// Whether it can be used now: where gradients are wanted, there must be a place for them. Without one, autograd's own operations do
    /// it.
    /// </summary>
    internal bool IsReady =>
        !is_grad_enabled()
        || (_maps.Adapter?.Weights ?? _parameters).Gradients is not null
        || (_maps.Adapter is null && !_parameters["norm.weight"].requires_grad);

    /// <summary>Logits in memory at most: 64 MB of them in float32.</summary>
    internal long LogitsAtOnce { get; set; } = 1 << 24;

    /// <param name="starts">Of each token's segment within its row, [batch * time]; null where rows are whole texts.</param>
    internal FusedView ViewOf(long batch, long time, int[]? starts, RotaryTables? rotary)
    {
        var (cosines, sines) = rotary is null ? default : rotary.Of(windowed: false, time);
        var shape = new AttentionShape((int)batch, (int)time, _config.Heads, _config.KeyValueHeads, _config.HeadWidth);
        var visible = _config.SlidingWindow < time ? Windowed(batch * time, time, starts, _config.SlidingWindow.Value) : starts;
        if (starts is null)
        {
            return new FusedView(shape, visible is null ? null : tensor(visible), cosines, sines, AnglesPerToken: false);
        }

        var positions = tensor(Positions(batch, time, starts));
        return new FusedView(
            shape,
            tensor(visible!),
            cosines?.index_select(0, positions),
            sines?.index_select(0, positions),
            AnglesPerToken: true
        );
    }

    /// <summary>The first token of each token's segment.</summary>
    /// <param name="segments">[batch, time] int64; a segment is one contiguous stretch of a row</param>
    internal static int[] StartsOf(Tensor segments)
    {
        using var scope = NewDisposeScope();
        var time = (int)segments.size(1);
        var ids = segments.contiguous().data<long>().ToArray();
        var starts = new int[ids.Length];
        for (var i = 0; i < ids.Length; i++)
        {
            starts[i] =
                i % time == 0 ? 0
                : ids[i] == ids[i - 1] ? starts[i - 1]
                : i % time;
        }

        return starts;
    }

    /// <summary>The first token that each may look at: of its segment, or of its window where that begins later.</summary>
    private static int[] Windowed(long tokens, long time, int[]? starts, int window) =>
        [.. Enumerable.Range(0, (int)tokens).Select(i => Math.Max(starts?[i] ?? 0, (int)(i % time) - window + 1))];

    /// <returns>[batch * time, width], float32</returns>
    internal Tensor Embed(Tensor tokens, int[]? starts)
    {
        var (batch, time) = (tokens.size(0), tokens.size(1));
        var (table, positionTable) = (_parameters["tokens"], _parameters.Find("positions"));
        var ids = tokens.reshape(-1).contiguous();
        RequireInside(ids, table.size(0), nameof(tokens));
        var positions = positionTable is null ? null : tensor(Positions(batch, time, starts));
        var call = new EmbeddingCall(_kernels, ids, positions, null, null);
        return is_grad_enabled() && table.requires_grad
            ? EmbeddingFunction.apply(
                table,
                positionTable!,
                call with
                {
                    TableGradient = _parameters.GradientOf("tokens"),
                    PositionGradient = _parameters.GradientOf("positions"),
                }
            )
            : _kernels.Gather(table, ids, positionTable, positions);
    }

    /// <summary>A layer's output: all rows are looked at, but what follows attention can be of some alone.</summary>
    /// <param name="hidden">[rows, width], float32</param>
    /// <param name="wanted">[n] int64 rows whose output is wanted; null for all.</param>
    /// <returns>[rows or n, width], float32</returns>
    internal Tensor Layer(int index, Tensor hidden, FusedView view, bool recompute, Tensor? wanted = null)
    {
        using var scope = NewDisposeScope();
        if (wanted is not null)
        {
            RequireInside(wanted, hidden.size(0), nameof(wanted));
        }

        var layer = _layers[index];
        var output =
            is_grad_enabled() && (layer.Anchor.requires_grad || hidden.requires_grad)
                ? LayerFunction.apply(hidden, layer.Anchor, new LayerCall(layer, view, recompute, wanted))
                : layer.Forward(hidden, view, wanted).Output;
        return output.MoveToOuterDisposeScope();
    }

    /// <summary>The norm after the last layer.</summary>
    /// <returns>[rows, width], of the weights' type</returns>
    internal Tensor LastNorm(Tensor hidden)
    {
        var (weight, bias) = (_parameters["norm.weight"], _parameters.Find("norm.bias"));
        if (!is_grad_enabled() || !(hidden.requires_grad || weight.requires_grad))
        {
            return _kernels.Norm(_config, hidden, null, weight, bias).Output;
        }

        var isTrained = weight.requires_grad;
        return NormFunction.apply(
            hidden,
            weight,
            new NormCall(
                _kernels,
                _config,
                weight,
                bias,
                isTrained ? _parameters.GradientOf("norm.weight") : null,
                isTrained ? _parameters.GradientOf("norm.bias") : null
            )
        );
    }

    /// <summary>Log-probabilities of targets under a head over the vocabulary.</summary>
    /// <param name="hidden">[rows, width], of the weights' type</param>
    internal TokenScores Score(Tensor hidden, Tensor head, Tensor? headGradient, Tensor targets, double temperature)
    {
        RequireInside(targets, head.size(0), nameof(targets));
        if (hidden.dim() != 2 || hidden.size(0) != targets.numel() || hidden.size(1) != head.size(1))
        {
            throw new ArgumentException(
                $"hidden has shape [{string.Join(", ", hidden.shape)}]; expected [{targets.numel()}, {head.size(1)}].",
                nameof(hidden)
            );
        }

        var call = new ScoreCall(
            _kernels,
            head,
            head.requires_grad ? headGradient : null,
            targets,
            1 / temperature,
            (int)Math.Max(16, LogitsAtOnce / head.size(0))
        );
        var logProbs = ScoreFunction.apply(hidden.contiguous(), head, call);
        return new TokenScores(logProbs, call.Results![2], call.Results[3]);
    }

    /// <summary>Checks indices, because the kernels do not.</summary>
    internal static void RequireInside(Tensor ids, long count, string name)
    {
        foreach (var id in ids.data<long>())
        {
            if (id < 0 || id >= count)
            {
                throw new ArgumentException($"{name} holds {id}; expected 0 to {count - 1}.", name);
            }
        }
    }

    private long[] Positions(long batch, long time, int[]? starts)
    {
        var positions = new long[batch * time];
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] = i % time - (starts?[i] ?? 0);
        }

        return positions.Length == 0 || positions.Max() < _config.ContextLength
            ? positions
            : throw new ArgumentException($"a text has {positions.Max() + 1} positions; the model's context is {_config.ContextLength}.");
    }
}
