using System.Text.Json;
using Attune.Models.Configuration;

namespace Attune.Models.Files.Fields;

/// <summary>
/// Rotary positions in a <c>config.json</c>: <c>rope_theta</c> and <c>rope_scaling</c> at the top in older files, <c>rope_parameters</c> in
/// newer ones.
/// </summary>
internal static class RopeFields
{
    /// <param name="theta">The base where none is named.</param>
    /// <param name="layers">The kind of layers whose positions these are, where each has its own; null for all.</param>
    internal static (double Theta, RopeScaling? Scaling) Read(ConfigFields fields, int context, double theta, string? layers = null)
    {
        var nested = fields.Section("rope_parameters");
        nested = layers is null ? nested : nested?.Section(layers) ?? nested;
        theta = nested?.Has("rope_theta") == true ? nested.Real("rope_theta", theta) : fields.Real("rope_theta", theta);
        return (theta, (fields.Section("rope_scaling") ?? nested) is { } section ? Scaling(fields, section, context) : null);
    }

    /// <summary>The share of each head that is turned, from its first numbers on.</summary>
    internal static TransformerConfig WithShare(ConfigFields fields, TransformerConfig config, double otherwise)
    {
        const string key = "partial_rotary_factor";
        var share =
            fields.Section("rope_parameters") is { } nested && nested.Has(key) ? nested.Real(key, otherwise) : fields.Real(key, otherwise);
        if (!(share > 0 && share <= 1))
        {
            throw fields.Problem(key, $"is {share}; expected more than 0 and at most 1");
        }

        var turned = (int)(config.HeadWidth * share);
        return turned == config.HeadWidth ? config : config with { OwnRotaryWidth = turned };
    }

    private static RopeScaling? Scaling(ConfigFields fields, ConfigFields nested, int context)
    {
        var kind =
            nested.Has("rope_type") ? nested.Text("rope_type")
            : nested.Has("type") ? nested.Text("type")
            : "default";
        var isLong = nested.Has("short_factor") || nested.Has("long_factor");
        if (isLong && kind is "longrope" or "su" or "yarn")
        {
            return LongRope(fields, nested, context);
        }

        var factor = nested.Real("factor", 1);
        if (kind != "default" && !(factor >= 1 && factor <= 1e6))
        {
            throw nested.Problem("factor", $"is {factor}; expected 1 or more");
        }

        return kind switch
        {
            "default" => null,
            "linear" => new RopeScaling(RopeScalingKind.Linear, factor),
            "dynamic" => new RopeScaling(RopeScalingKind.Dynamic, factor),
            "llama3" => Checked(nested, Llama3(nested, factor, context)),
            "yarn" => Checked(nested, Yarn(nested, factor, context)),
            _ => throw nested.Problem(
                nested.Has("rope_type") ? "rope_type" : "type",
                $"is '{kind}'; supported are default, linear, dynamic, llama3, yarn, and longrope with its factors"
            ),
        };
    }

    /// <summary>
    /// Attention is sharpened as Ding et al. 2024 (arXiv:2402.13753) do where no factor is named: sqrt(1 + ln(f) / ln(original)).
    /// </summary>
    private static RopeScaling LongRope(ConfigFields fields, ConfigFields nested, int context)
    {
        const string key = "original_max_position_embeddings";
        var original = nested.Has(key) ? nested.Real(key, 0) : fields.Real(key, 4096);
        if (!(original >= 1))
        {
            throw nested.Problem(key, $"is {original}; expected 1 or more");
        }

        var factor = nested.Has("factor") ? nested.Real("factor", 1) : context / original;
        var sharpened = factor <= 1 ? 1 : Math.Sqrt(1 + Math.Log(factor) / Math.Log(original));
        return new RopeScaling(RopeScalingKind.LongRope, Math.Max(factor, 1), original)
        {
            Attention = nested.Real("attention_factor", sharpened),
            ShortFactors = Factors("short_factor"),
            LongFactors = Factors("long_factor"),
        };

        ValueList<double> Factors(string name) =>
            nested.Reals(name) is { Length: > 0 } values && values.All(v => v > 0)
                ? new ValueList<double>(values)
                : throw nested.Problem(name, "is missing or not positive; expected a number for each pair of a head");
    }

    private static RopeScaling Llama3(ConfigFields nested, double factor, int context) =>
        new(
            RopeScalingKind.Llama3,
            factor,
            nested.Real("original_max_position_embeddings", context),
            nested.Real("low_freq_factor", 1),
            nested.Real("high_freq_factor", 4)
        );

    private static RopeScaling Yarn(ConfigFields nested, double factor, int context) =>
        new(
            RopeScalingKind.Yarn,
            factor,
            nested.Real("original_max_position_embeddings", context),
            nested.Real("beta_slow", 1),
            nested.Real("beta_fast", 32),
            Attention(nested, factor)
        )
        {
            IsRounded = nested.Flag("truncate", true),
        };

    internal static void Write(Utf8JsonWriter json, RopeScaling scaling)
    {
        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", scaling.Kind.ToString().ToLowerInvariant());
        json.WriteReal("factor", scaling.Factor);
        if (scaling is { ShortFactors: { } near, LongFactors: { } far })
        {
            json.WriteNumber("original_max_position_embeddings", (long)scaling.OriginalContext);
            json.WriteReal("attention_factor", scaling.Attention);
            Write(json, "short_factor", near);
            Write(json, "long_factor", far);
        }

        if (scaling.Kind is RopeScalingKind.Llama3 or RopeScalingKind.Yarn)
        {
            var isYarn = scaling.Kind == RopeScalingKind.Yarn;
            json.WriteNumber("original_max_position_embeddings", (long)scaling.OriginalContext);
            json.WriteReal(isYarn ? "beta_slow" : "low_freq_factor", scaling.Slow);
            json.WriteReal(isYarn ? "beta_fast" : "high_freq_factor", scaling.Fast);
            if (isYarn)
            {
                json.WriteReal("attention_factor", scaling.Attention);
                json.WriteBoolean("truncate", scaling.IsRounded);
            }
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, ValueList<double> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values.Span)
        {
            json.WriteReal(value);
        }

        json.WriteEndArray();
    }

    private static double Attention(ConfigFields nested, double factor)
    {
        if (nested.Has("attention_factor"))
        {
            return nested.Real("attention_factor", 1);
        }

        return nested.Has("mscale") && nested.Has("mscale_all_dim")
            ? RopeScaling.YarnAttention(factor, nested.Real("mscale", 1))
                / RopeScaling.YarnAttention(factor, nested.Real("mscale_all_dim", 1))
            : RopeScaling.YarnAttention(factor);
    }

    private static RopeScaling Checked(ConfigFields nested, RopeScaling scaling)
    {
        if (!(scaling.OriginalContext >= 1))
        {
            throw nested.Problem("original_max_position_embeddings", $"is {scaling.OriginalContext}; expected 1 or more");
        }

        return scaling is { Slow: > 0, Attention: > 0 } && scaling.Fast > scaling.Slow
            ? scaling
            : throw nested.Problem(
                "rope_type",
                $"has the limits {scaling.Slow} and {scaling.Fast} and the attention factor {scaling.Attention}; expected "
                    + "positive numbers, the first limit below the second"
            );
    }
}
