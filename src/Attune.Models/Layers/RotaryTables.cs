using Attune.Models.Configuration;
using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>Cosines and sines of all angles of a model's layers, [contextLength, half] each.</summary>
internal sealed class RotaryTables : IDisposable
{
    private readonly record struct Angles(Tensor Cosines, Tensor Sines);

    private readonly Angles _plain;
    private readonly Angles? _beyond,
        _window;
    private readonly double _original;

    private RotaryTables(TransformerConfig config, ScalarType type, Device device)
    {
        _plain = Tables(config);
        if (config.RopeScaling is { Kind: RopeScalingKind.LongRope, OriginalContext: var original } && original < config.ContextLength)
        {
            (_beyond, _original) = (Tables(config, beyond: true), original);
        }

        if (config.WindowRopeTheta is { } theta)
        {
            _window = Tables(config with { RopeTheta = theta, RopeScaling = null });
        }

        Angles Tables(TransformerConfig one, bool beyond = false)
        {
            using var scope = NewDisposeScope();
            var (cosines, sines) = RotaryEmbedding.Tables(one, beyond);
            return new Angles(Table(cosines), Table(sines));
        }

        Tensor Table(float[] numbers) =>
            tensor(numbers).view(config.ContextLength, config.RotaryWidth / 2).to(type).to(device).DetachFromDisposeScope();
    }

    /// <summary>Null without rotary positions.</summary>
    internal static RotaryTables? For(TransformerConfig config, ScalarType type, Device device) =>
        config.Positions == PositionKind.Rotary ? new RotaryTables(config, type, device) : null;

    /// <summary>Those of layers with, or without, a window.</summary>
    /// <param name="length">Tokens of the longest text.</param>
    internal (Tensor Cosines, Tensor Sines) Of(bool windowed, long length)
    {
        var angles =
            windowed && _window is { } own ? own
            : _beyond is { } longer && length > _original ? longer
            : _plain;
        return (angles.Cosines, angles.Sines);
    }

    /// <summary>Of some positions of several texts, each of its own length, [rows, 1, time, half].</summary>
    /// <param name="positions">[rows, time]</param>
    /// <param name="lengths">Tokens of each row's text.</param>
    internal (Tensor Cosines, Tensor Sines) At(bool windowed, Tensor positions, long[] lengths)
    {
        var (shortest, longest) = (Of(windowed, lengths.Min()), Of(windowed, lengths.Max()));
        return (Rows(shortest.Cosines, longest.Cosines), Rows(shortest.Sines, longest.Sines));

        Tensor Rows(Tensor shorter, Tensor longer)
        {
            var rows = Gathered(shorter);
            if (ReferenceEquals(shorter, longer))
            {
                return rows;
            }

            var isLonger = tensor(Array.ConvertAll(lengths, l => l > _original)).to(positions.device).view(-1, 1, 1, 1);
            return where(isLonger, Gathered(longer), rows);
        }

        Tensor Gathered(Tensor table) =>
            table.index_select(0, positions.reshape(-1)).view(positions.size(0), 1, positions.size(1), table.size(1));
    }

    public void Dispose()
    {
        foreach (var angles in new[] { _plain, _beyond, _window })
        {
            angles?.Cosines.Dispose();
            angles?.Sines.Dispose();
        }
    }
}
