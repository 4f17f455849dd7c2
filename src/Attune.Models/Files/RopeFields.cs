using System.Text.Json;
using Attune.Models.Configuration;

namespace Attune.Models.Files;

/// <summary>
/// Rotary positions in a <c>config.json</c>: <c>rope_theta</c> and <c>rope_scaling</c> at the top in older files, <c>rope_parameters</c> in
/// newer ones.
/// </summary>
internal static class RopeFields
{
    internal static double Theta(ConfigFields fields) =>
        fields.Section("rope_parameters") is { } nested && nested.Has("rope_theta")
            ? nested.Real("rope_theta", 10_000)
            : fields.Real("rope_theta", 10_000);

    internal static RopeScaling? Scaling(ConfigFields fields, int context)
    {
        var name = fields.Section("rope_scaling") is null ? "rope_parameters" : "rope_scaling";
        if (fields.Section(name) is not { } nested)
        {
            return null;
        }

        var kind =
            nested.Has("rope_type") ? nested.Text("rope_type")
            : nested.Has("type") ? nested.Text("type")
            : "default";
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
            _ => throw fields.Problem(name, $"is of type '{kind}'; supported are default, linear, dynamic, llama3 and yarn"),
        };
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
        );

    internal static void Write(Utf8JsonWriter json, RopeScaling scaling)
    {
        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", scaling.Kind.ToString().ToLowerInvariant());
        json.WriteNumber("factor", scaling.Factor);
        if (scaling.Kind is RopeScalingKind.Llama3 or RopeScalingKind.Yarn)
        {
            var isYarn = scaling.Kind == RopeScalingKind.Yarn;
            json.WriteNumber("original_max_position_embeddings", scaling.OriginalContext);
            json.WriteNumber(isYarn ? "beta_slow" : "low_freq_factor", scaling.Slow);
            json.WriteNumber(isYarn ? "beta_fast" : "high_freq_factor", scaling.Fast);
            if (isYarn)
            {
                json.WriteNumber("attention_factor", scaling.Attention);
            }
        }

        json.WriteEndObject();
    }

    private static double Attention(ConfigFields nested, double factor)
    {
        nested.RefuseUnless("truncate", "True");
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
