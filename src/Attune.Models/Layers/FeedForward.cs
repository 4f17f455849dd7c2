using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Models.Configuration;
using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>A layer's second branch, by autograd's own operations.</summary>
internal abstract class FeedForward
{
    /// <summary>Its linear maps.</summary>
    internal abstract ImmutableArray<LinearMap> Maps { get; }

    /// <param name="normed">[batch, time, width]</param>
    /// <param name="rng">What an adapter's dropout draws from; null for none.</param>
    /// <returns>[batch, time, width]</returns>
    internal abstract Tensor Forward(Tensor normed, Seed? rng);

    /// <summary>Of one layer.</summary>
    internal static FeedForward Of(TransformerConfig config, LinearMaps maps, int layer) =>
        config.HasExperts(layer)
            ? new ExpertMixture(config, maps, layer)
            : new FeedForwardMap(config, maps[$"layers.{layer}.up"], maps[$"layers.{layer}.down"]);
}

/// <summary>down(activation(up x)), the branch of most models and one expert of the others.</summary>
internal sealed class FeedForwardMap(TransformerConfig config, LinearMap up, LinearMap down) : FeedForward
{
    internal override ImmutableArray<LinearMap> Maps => [up, down];

    internal override Tensor Forward(Tensor normed, Seed? rng) =>
        down.Forward(TransformerLayer.Activated(config, up.Forward(normed, rng)), rng);
}
