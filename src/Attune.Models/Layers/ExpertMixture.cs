using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Models.Configuration;
using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>A router and its experts. Each expert reads only the rows that chose it.</summary>
internal sealed class ExpertMixture : FeedForward
{
    private readonly Experts _config;
    private readonly LinearMap _router;
    private readonly ImmutableArray<FeedForwardMap> _experts;

    internal ExpertMixture(TransformerConfig config, LinearMaps maps, int layer)
    {
        _config = config.Experts!;
        _router = maps[$"layers.{layer}.router"];
        _experts =
        [
            .. Enumerable
                .Range(0, _config.Count)
                .Select(i => $"layers.{layer}.experts.{i}")
                .Select(name => new FeedForwardMap(config, maps[name + ".up"], maps[name + ".down"])),
        ];
        Maps = [_router, .. _experts.SelectMany(e => e.Maps)];
    }

    internal override ImmutableArray<LinearMap> Maps { get; }

    internal override Tensor Forward(Tensor normed, Seed? rng)
    {
        var rows = normed.reshape(-1, normed.size(-1));
        var (shares, chosen) = Route(_router.Forward(rows, rng), _config);
        var outputs = new List<Tensor>();
        var from = new long[chosen.numel()]; // where a choice's output stands among all outputs
        var next = 0L;
        foreach (var (expert, choices) in Choices(chosen))
        {
            var own = tensor(Array.ConvertAll(choices, choice => choice / _config.Used)).to(rows.device);
            outputs.Add(_experts[expert].Forward(rows.index_select(0, own), rng));
            foreach (var choice in choices)
            {
                from[choice] = next++;
            }
        }

        var inOrder = cat(outputs).index_select(0, tensor(from).to(rows.device)).view(rows.size(0), _config.Used, rows.size(1));
        return (inOrder * shares.to(inOrder.dtype).unsqueeze(-1)).sum(1).view(normed.shape);
    }

    /// <summary>
    /// The likeliest experts of each row by the router's softmax, which is taken in 32 bits whatever the weights' type, and their shares.
    /// </summary>
    /// <param name="logits">[rows, experts]</param>
    /// <returns>[rows, used] twice</returns>
    internal static (Tensor Shares, Tensor Chosen) Route(Tensor logits, Experts config)
    {
        var (shares, chosen) = logits.to(ScalarType.Float32).softmax(-1).topk(config.Used, -1);
        return (config.SharesSumToOne ? shares / shares.sum(-1, keepdim: true) : shares, chosen);
    }

    /// <summary>The experts that are chosen, in their order, each with its choices: row * used + rank.</summary>
    private static IEnumerable<(int Expert, long[] Choices)> Choices(Tensor chosen)
    {
        using var scope = NewDisposeScope();
        var experts = chosen.detach().cpu().contiguous().data<long>().ToArray();
        var choices = Enumerable.Range(0, experts.Length).ToLookup(choice => (int)experts[choice], choice => (long)choice);
        return [.. choices.OrderBy(c => c.Key).Select(c => (c.Key, c.ToArray()))];
    }
}
