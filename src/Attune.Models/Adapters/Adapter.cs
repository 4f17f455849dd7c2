using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Models.Configuration;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Models.Adapters;

/// <summary>
/// What is trained beside a frozen base: A and B of every adapted map (and magnitudes, with DoRA), and a head where one is trained, in one
/// flat tensor of their own. Optimiser and checkpoints know nothing else.
/// </summary>
public sealed class Adapter : IDisposable
{
    private readonly ImmutableArray<AdapterSite> _sites;
    private readonly ILookup<string, AdapterSite> _byMap;
    private readonly Dictionary<string, Tensor> _squares = []; // [rows] of the base's map, with DoRA

    private Adapter(IAdaptable origin, AdapterConfig config, HeadKind head)
    {
        config.Validate();
        Config = config;
        _sites = AdapterSite.Of(origin.Config, config.Targets);
        _byMap = _sites.ToLookup(s => s.Map, StringComparer.Ordinal);
        if (config.TrainsHead && head == HeadKind.Language && origin.Config.TiedHead)
        {
            throw new ConfigurationException(
                "an adapter cannot train lm_head here: the model's head is its embedding, which stays frozen."
            );
        }

        Weights = new FlatParameters(
            ParameterLayout.Packed(Shapes(origin.Config, head)),
            origin.Weights.Type,
            origin.Weights.Values.device
        );
        if (Weights.Type == ScalarType.BFloat16)
        {
            Weights.AttachMaster();
        }

        foreach (var site in config.Kind == AdapterKind.Dora ? _sites : [])
        {
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            var own = origin.MatrixOf(site.Map).narrow(0, site.FirstRow, site.Rows);
            _squares.Add(site.Module, own.square().sum(1).DetachFromDisposeScope());
        }
    }

    public AdapterConfig Config { get; }

    /// <summary>
    /// "model.layers.0.self_attn.q_proj.lora_A" [r, inputs], ".lora_B" [rows, r], ".magnitude" [rows]; "score" or "head".
    /// </summary>
    public FlatParameters Weights { get; }

    internal IEnumerable<AdapterSite> Sites => _sites;

    /// <summary>
    /// A fresh adapter, which changes nothing yet: A uniform within 1 / sqrt(inputs), B zero, magnitudes those of the base, a head as the
    /// base's.
    /// </summary>
    internal static Adapter Fresh(IAdaptable origin, AdapterConfig config, HeadKind head, Seed seed)
    {
        var adapter = Empty(origin, config, head);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        foreach (var site in adapter._sites)
        {
            var name = site.Module + ".lora_A";
            var rng = seed.For(name).Rng();
            var bound = 1 / Math.Sqrt(site.Inputs);
            var values = new float[config.Rank * site.Inputs];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = (float)(bound * (2 * rng.NextDouble() - 1));
            }

            adapter.Weights.ExactOf(name).copy_(tensor(values).view(config.Rank, site.Inputs));
        }

        adapter.Weights.Round();
        return adapter;
    }

    /// <summary>One to load into: zero but for magnitudes and heads, which are the base's.</summary>
    internal static Adapter Empty(IAdaptable origin, AdapterConfig config, HeadKind head)
    {
        var adapter = new Adapter(origin, config, head);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        foreach (var (module, squares) in adapter._squares)
        {
            adapter.Weights.ExactOf(module + ".magnitude").copy_(squares.sqrt());
        }

        foreach (
            var name in new[] { "head", "score" }.Where(n => adapter.Weights.Find(n) is not null && origin.Weights.Find(n) is not null)
        )
        {
            adapter.Weights.ExactOf(name).copy_(origin.Weights.ExactOf(name));
        }

        adapter.Weights.Round();
        return adapter;
    }

    /// <summary>What it adds to one of Attune's maps.</summary>
    internal LowRank[] Of(string map) =>
        [
            .. _byMap[map]
                .Select(s => new LowRank(
                    s,
                    Weights[s.Module + ".lora_A"],
                    Weights[s.Module + ".lora_B"],
                    Weights.Find(s.Module + ".magnitude"),
                    _squares.GetValueOrDefault(s.Module),
                    this
                )),
        ];

    public void Dispose()
    {
        Weights.Dispose();
        foreach (var squares in _squares.Values)
        {
            squares.Dispose();
        }
    }

    private IEnumerable<(string Name, ImmutableArray<long> Shape)> Shapes(TransformerConfig config, HeadKind head)
    {
        foreach (var site in _sites)
        {
            yield return (site.Module + ".lora_A", [Config.Rank, site.Inputs]);
            yield return (site.Module + ".lora_B", [site.Rows, Config.Rank]);
            if (Config.Kind == AdapterKind.Dora)
            {
                yield return (site.Module + ".magnitude", [site.Rows]);
            }
        }

        if (head == HeadKind.Score)
        {
            yield return ("score", [1, config.Width]);
        }
        else if (Config.TrainsHead)
        {
            yield return ("head", [config.VocabularySize, config.Width]);
        }
    }
}
