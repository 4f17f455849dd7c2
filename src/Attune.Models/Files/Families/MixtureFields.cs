using System.Collections.Immutable;
using System.Text.Json;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>What the <c>config.json</c> of a mixture of experts says of its router and experts.</summary>
internal static class MixtureFields
{
    internal static readonly ImmutableArray<string> Keys = ["num_experts", "num_local_experts", "num_experts_per_tok"];

    /// <param name="count">Experts where no key says so.</param>
    /// <param name="used">For a token, likewise.</param>
    /// <param name="width">Of one expert.</param>
    internal static Experts Read(ConfigFields fields, int count, int used, int width)
    {
        const string routers = "output_router_logits";
        if (fields.Flag(routers, false))
        {
            throw fields.Problem(
                routers,
                "is true, which adds a loss of the routers (router_aux_loss_coef) in training, and that is not supported. Set it to false: "
                    + "what the model computes stays the same"
            );
        }

        // Two names of one number.
        var local = fields.Number("num_local_experts", fields.Number("num_experts", count));
        if (fields.Number("num_experts", local) != local)
        {
            throw fields.Problem("num_experts", $"is not num_local_experts, {local}; the two are one number");
        }

        return new Experts(local, fields.Number("num_experts_per_tok", used), width);
    }

    internal static void Write(Utf8JsonWriter json, string countKey, Experts experts)
    {
        json.WriteNumber(countKey, experts.Count);
        json.WriteNumber("num_experts_per_tok", experts.Used);
        json.WriteBoolean("output_router_logits", false);
    }
}
