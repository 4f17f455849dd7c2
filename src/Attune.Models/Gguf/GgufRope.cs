using Attune.Core;
using Attune.Models.Configuration;
using Attune.Models.Layers;

namespace Attune.Models.Gguf;

/// <summary>Stretched rotary positions in a GGUF file: keys for one factor, a tensor where each pair has a factor of its own.</summary>
internal static class GgufRope
{
    private const string Factors = "rope_freqs.weight";
    private const string LongFactors = "rope_factors_long.weight";
    private const string ShortFactors = "rope_factors_short.weight";

    /// <summary>Tensors that fill no parameter.</summary>
    internal static readonly string[] Tensors = [Factors, LongFactors, ShortFactors];

    // llama.cpp's, which a file cannot change.
    private const double YarnFast = 32,
        YarnSlow = 1;

    /// <exception cref="ModelFileException">Positions are stretched in a way that is not built.</exception>
    internal static TransformerConfig Read(GgufFields fields, TransformerConfig config, Func<string, float[]> read)
    {
        var turned = fields.Number("rope.dimension_count", config.RotaryWidth);
        if (turned != config.RotaryWidth)
        {
            throw fields.Wrong(
                $"{fields.Architecture}.rope.dimension_count is {turned}, not the heads' width of {config.HeadWidth}, "
                    + "which is not supported"
            );
        }

        if (fields.HasTensor(LongFactors) || fields.HasTensor(ShortFactors))
        {
            return config with { RopeScaling = Long(fields, config, read) };
        }

        var scaling = Scaled(fields, config);
        if (!fields.HasTensor(Factors))
        {
            return config with { RopeScaling = scaling };
        }

        return scaling is null
            ? config with
            {
                RopeScaling = Llama3Of(config, read(Factors)) ?? throw fields.Wrong($"{Factors} is not Llama 3's stretching"),
            }
            : throw fields.Wrong($"it has both {Factors} and a factor of positions, which is not supported");
    }

    /// <summary>One factor for all pairs; null where there is none.</summary>
    private static RopeScaling? Scaled(GgufFields fields, TransformerConfig config)
    {
        // Two names of one number; the older one has no type beside it.
        var factor = fields.Real("rope.scaling.factor", fields.Real("rope.scale_linear", 1));
        var kind = fields.Text("rope.scaling.type") ?? (factor is 0 or 1 ? "none" : "linear");
        var original = fields.Number("rope.scaling.original_context_length", config.ContextLength);
        return kind switch
        {
            "none" => null,
            "linear" when factor is 0 or 1 => null,
            "linear" => new RopeScaling(RopeScalingKind.Linear, factor),
            "yarn" => new RopeScaling(
                RopeScalingKind.Yarn,
                factor,
                original,
                YarnSlow,
                YarnFast,
                fields.Real("rope.scaling.attn_factor", 1) * RopeScaling.YarnAttention(factor)
            ),
            _ => throw fields.Wrong($"{fields.Architecture}.rope.scaling.type is '{kind}'; supported are none, linear and yarn"),
        };
    }

    private static RopeScaling Long(GgufFields fields, TransformerConfig config, Func<string, float[]> read)
    {
        double[] Of(string name) =>
            fields.HasTensor(name) ? [.. read(name).Select(GgufFields.ShortestOf)] : throw fields.Wrong($"it has no tensor '{name}'");
        double original = fields.Number("rope.scaling.original_context_length", config.ContextLength);
        return new RopeScaling(
            RopeScalingKind.LongRope,
            config.ContextLength / original,
            original,
            Attention: fields.Real("rope.scaling.attn_factor", 1)
        )
        {
            ShortFactors = new(Of(ShortFactors)),
            LongFactors = new(Of(LongFactors)),
        };
    }

    /// <summary>
    /// The numbers of Llama 3's stretching that give these divisors; null where none do. Frequencies between the fast and the slow ones
    /// decide a line; where that leaves a choice, Llama's own numbers (1 and 4 turns) are taken.
    /// </summary>
    private static RopeScaling? Llama3Of(TransformerConfig config, float[] divisors)
    {
        var frequencies = RotaryEmbedding.Frequencies(config);
        double factor = divisors.Length == frequencies.Length ? divisors.Max() : 0;
        if (factor <= 1)
        {
            return null;
        }

        double Kept(int i) => (factor / divisors[i] - 1) / (factor - 1);
        int[] between = [.. Enumerable.Range(0, divisors.Length).Where(i => Kept(i) is > 1e-6 and < 1 - 1e-6)];
        // kept = original f / (2 pi (fast - slow)) - slow / (fast - slow)
        var candidates = new List<RopeScaling>();
        if (between.Length > 0)
        {
            var first = between[0];
            candidates.Add(new(RopeScalingKind.Llama3, factor, Math.Round((3 * Kept(first) + 1) * 2 * Math.PI / frequencies[first]), 1, 4));
        }

        if (between.Length > 1)
        {
            var (a, b) = (between[0], between[^1]);
            var slope = (Kept(a) - Kept(b)) / (frequencies[a] - frequencies[b]);
            var slow = slope * frequencies[a] - Kept(a);
            candidates.Add(new(RopeScalingKind.Llama3, factor, slope * 2 * Math.PI / slow, 1, 1 + 1 / slow));
        }

        candidates.AddRange(
            new[] { 8192.0, config.ContextLength / factor, config.ContextLength }.Select(o => new RopeScaling(
                RopeScalingKind.Llama3,
                factor,
                o,
                1,
                4
            ))
        );
        return candidates.FirstOrDefault(c => Gives(c, config, divisors));
    }

    private static bool Gives(RopeScaling scaling, TransformerConfig config, float[] divisors) =>
        Divisors(scaling, config).Zip(divisors).All(d => Math.Abs(d.First / d.Second - 1) < 1e-5);

    /// <summary>What each frequency is divided by.</summary>
    private static double[] Divisors(RopeScaling scaling, TransformerConfig config)
    {
        var frequencies = RotaryEmbedding.Frequencies(config);
        return [.. frequencies.Zip(scaling.Stretched(frequencies, config.RopeTheta)).Select(f => f.First / f.Second)];
    }

    /// <summary>What keeps positions from being written; null where nothing does.</summary>
    internal static string? Problem(TransformerConfig config) =>
        config.RopeScaling switch
        {
            null or { Kind: RopeScalingKind.Linear } => null,
            { Kind: RopeScalingKind.Llama3 } when config.Family is "llama" or "mistral" or "ministral" or "mixtral" => null,
            { Kind: RopeScalingKind.LongRope } when config.Family == "phi3" => null,
            { Kind: RopeScalingKind.Yarn, IsRounded: false } => "YaRN between fractions of pairs (truncate)",
            { Kind: RopeScalingKind.Yarn, Fast: YarnFast, Slow: YarnSlow } => null,
            { Kind: RopeScalingKind.Yarn } => $"YaRN with other bounds than {YarnSlow} and {YarnFast} turns (beta_slow, beta_fast)",
            var other => $"scaled rotary positions of the kind {other.Kind} (rope_scaling)",
        };

    internal static IEnumerable<KeyValuePair<string, object>> Keys(TransformerConfig config)
    {
        if (config.RopeScaling is not { } scaling || scaling.Kind == RopeScalingKind.Llama3)
        {
            yield break;
        }

        if (scaling.Kind != RopeScalingKind.LongRope)
        {
            yield return new("rope.scaling.type", scaling.Kind == RopeScalingKind.Linear ? "linear" : "yarn");
            yield return new("rope.scaling.factor", (float)scaling.Factor);
        }

        if (scaling.Kind != RopeScalingKind.Linear)
        {
            yield return new("rope.scaling.original_context_length", (uint)scaling.OriginalContext);
            var own = scaling.Kind == RopeScalingKind.Yarn ? RopeScaling.YarnAttention(scaling.Factor) : 1;
            yield return new("rope.scaling.attn_factor", (float)(scaling.Attention / own));
        }
    }

    internal static IEnumerable<(string Name, float[] Values)> Constants(TransformerConfig config) =>
        config.RopeScaling switch
        {
            { Kind: RopeScalingKind.Llama3 } scaling => [(Factors, Narrow(Divisors(scaling, config)))],
            { Kind: RopeScalingKind.LongRope } scaling =>
            [
                (LongFactors, Narrow(scaling.LongFactors!.Span.ToArray())),
                (ShortFactors, Narrow(scaling.ShortFactors!.Span.ToArray())),
            ],
            _ => [],
        };

    private static float[] Narrow(IEnumerable<double> values) => [.. values.Select(v => (float)v)];
}
