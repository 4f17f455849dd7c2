using Attune.Core.Runs;
using Attune.Kernels;
using Attune.Models.Adapters;
using Attune.Models.Configuration;
using Attune.Models.Weights;
using Attune.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>One linear map of a layer: its weight, dense or quantised, its bias, and what an adapter adds to it.</summary>
internal sealed class LinearMap(string name, FlatParameters parameters, QuantizedMatrix? quantized, LowRank[] parts)
{
    internal string Name => name;

    /// <summary>[outputs, inputs]; null where it is quantised.</summary>
    internal Parameter? Weight { get; } = parameters.Find(name + ".weight");

    internal Parameter? Bias { get; } = parameters.Find(name + ".bias");

    internal QuantizedMatrix? Quantized => quantized;

    /// <summary>In the order of their rows; empty without an adapter.</summary>
    internal LowRank[] Parts => parts;

    internal bool HasMagnitudes => parts.Length > 0 && parts[0].Magnitude is not null;

    private double Dropout => parts.Length == 0 ? 0 : parts[0].Owner.Config.Dropout;

    /// <summary>By autograd's own operations.</summary>
    /// <param name="rng">What dropout draws from; null for none.</param>
    internal Tensor Forward(Tensor input, Seed? rng)
    {
        if (parts.Length == 0)
        {
            return OfBase(input, Bias);
        }

        using var scope = NewDisposeScope();
        var plain = OfBase(input, null);
        var dropped = Mask(input, rng) is { } mask ? input * mask : input;
        var pieces = new List<Tensor>();
        var next = 0L;
        foreach (var part in parts)
        {
            if (part.Site.FirstRow > next)
            {
                pieces.Add(plain.narrow(-1, next, part.Site.FirstRow - next));
            }

            var low = nn.functional.linear(nn.functional.linear(dropped, part.A), part.B) * part.Scale;
            var sum = plain.narrow(-1, part.Site.FirstRow, part.Site.Rows) + low;
            pieces.Add(part.Magnitude is { } magnitude ? sum * (magnitude / Norms(part).to(magnitude.dtype)) : sum);
            next = part.Site.FirstRow + part.Site.Rows;
        }

        if (next < plain.size(-1))
        {
            pieces.Add(plain.narrow(-1, next, plain.size(-1) - next));
        }

        var output = pieces.Count == 1 ? pieces[0] : cat(pieces, -1);
        return (Bias is null ? output : output + Bias).MoveToOuterDisposeScope();
    }

    /// <summary>input W^T of the base alone.</summary>
    internal Tensor OfBase(Tensor input, Tensor? bias) =>
        quantized is null ? nn.functional.linear(input, Weight!, bias)
        : bias is null ? QuantizedFunction.apply(input, quantized)
        : QuantizedFunction.apply(input, quantized) + bias;

    /// <summary>DoRA's divisors, without gradient.</summary>
    internal Tensor Norms(LowRank part)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return part.RowNorms(OfBase(part.A.detach(), null)).MoveToOuterDisposeScope();
    }

    /// <summary>What the input is multiplied by for dropout, the same for the same seed; null for nothing.</summary>
    internal unsafe Tensor? Mask(Tensor input, Seed? rng)
    {
        if (rng is null || Dropout == 0)
        {
            return null;
        }

        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var mask = empty(input.shape);
        DropoutKernel.Mask(rng.Value.For(name).Value, (float*)TensorMemory.Start(mask), mask.numel(), Dropout);
        return mask.to(input.dtype).to(input.device).MoveToOuterDisposeScope();
    }

    /// <summary>The base's matrix, float32.</summary>
    internal Tensor Plain() => quantized is null ? parameters.ExactOf(name + ".weight").to(ScalarType.Float32) : quantized.Dense();

    /// <summary>
    /// The matrix that computes the same without an adapter; the parameter itself where there is neither adapter nor quantisation.
    /// </summary>
    internal Tensor Merged()
    {
        if (parts.Length == 0)
        {
            return quantized is null ? Weight! : quantized.Dense();
        }

        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var merged = Plain().clone();
        foreach (var part in parts)
        {
            var rows = merged.narrow(0, part.Site.FirstRow, part.Site.Rows);
            rows.add_(part.Product());
            if (part.Magnitude is { } magnitude)
            {
                rows.mul_((magnitude.to(ScalarType.Float32) / rows.square().sum(1).clamp_min(1e-24).sqrt()).unsqueeze(1));
            }
        }

        return merged.MoveToOuterDisposeScope();
    }
}

/// <summary>All linear maps of a trunk's layers, as one adapter has them.</summary>
internal sealed class LinearMaps
{
    private readonly Dictionary<string, LinearMap> _maps = [];

    internal LinearMaps(
        TransformerConfig config,
        FlatParameters parameters,
        IReadOnlyDictionary<string, QuantizedMatrix> quantized,
        Adapter? adapter
    )
    {
        Adapter = adapter;
        for (var layer = 0; layer < config.Layers; layer++)
        {
            foreach (var part in ParameterLayout.Maps(config, layer))
            {
                var name = $"layers.{layer}.{part}";
                _maps.Add(name, new LinearMap(name, parameters, quantized.GetValueOrDefault(name + ".weight"), adapter?.Of(name) ?? []));
            }
        }
    }

    internal Adapter? Adapter { get; }

    internal LinearMap this[string name] => _maps[name];

    internal LinearMap? Find(string name) => _maps.GetValueOrDefault(name);

    internal IEnumerable<LinearMap> All => _maps.Values;
}
