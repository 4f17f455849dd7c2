using System.Collections.Immutable;
using Attune.Core;
using Attune.Models.Configuration;
using Attune.Models.Weights;

namespace Attune.Models.Adapters;

/// <summary>One linear map as files have it, and the rows of Attune's joint matrix that it is.</summary>
/// <param name="Module">As in "model.layers.3.self_attn.q_proj".</param>
/// <param name="Map">Attune's map, as in "layers.3.qkv".</param>
internal sealed record AdapterSite(string Module, string Map, long FirstRow, long Rows, long Inputs)
{
    private const string Weight = ".weight";

    /// <summary>Every linear map inside the layers of such a model.</summary>
    internal static ImmutableArray<AdapterSite> All(TransformerConfig config) =>
        [
            .. HuggingFaceTensor
                .Of(config, HeadKind.Language)
                .Where(t => t.Stacked == 0 && t.Shape.Length == 2 && t.Slot.StartsWith("layers.", StringComparison.Ordinal))
                .Select(t => new AdapterSite(
                    t.Name[..^Weight.Length],
                    t.Slot[..^Weight.Length],
                    t.FirstRow,
                    t.Rows,
                    t.Transposed ? t.Shape[0] : t.Shape[1]
                )),
        ];

    /// <summary>Those that the targets name.</summary>
    /// <exception cref="ConfigurationException">A target names none; lists the names there are.</exception>
    internal static ImmutableArray<AdapterSite> Of(TransformerConfig config, ImmutableArray<string> targets)
    {
        var all = All(config);
        if (targets.Contains(AdapterConfig.AllLinear))
        {
            return all;
        }

        bool Fits(AdapterSite site, string target) => site.Module == target || site.Module.EndsWith("." + target, StringComparison.Ordinal);
        string[] unknown = [.. targets.Where(t => !all.Any(s => Fits(s, t)))];
        return unknown.Length == 0
            ? [.. all.Where(s => targets.Any(t => Fits(s, t)))]
            : throw new ConfigurationException(
                $"an adapter's targets name {string.Join(", ", unknown)}, which a model of the family {config.Family} does not have; "
                    + $"expected {AdapterConfig.AllLinear} or some of "
                    + $"{string.Join(", ", all.Select(s => s.Module[(s.Module.LastIndexOf('.') + 1)..]).Distinct())}."
            );
    }
}
