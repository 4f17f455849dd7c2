using System.Collections.Immutable;
using Attune.Core.Statistics;

namespace Attune.Methods.Policy;

/// <summary>Learning from the tokens with the highest entropy alone (Wang et al. 2025, arXiv:2506.01939).</summary>
public static class TopEntropy
{
    /// <summary>Which tokens lie at or above the quantile that leaves the share.</summary>
    /// <param name="rows">answers with the entropies of the distributions that their tokens were drawn from, nats</param>
    /// <param name="share">of the counted tokens of all rows together; 1 keeps all</param>
    /// <returns>one array an answer; default where all are kept</returns>
    public static ImmutableArray<ImmutableArray<bool>> Kept(IReadOnlyList<(GroupItem Item, float[] Entropy)> rows, double share)
    {
        if (share >= 1)
        {
            return default;
        }

        double[] counted = [.. rows.SelectMany(r => r.Entropy.Where((_, t) => r.Item.Counts(t))).Select(e => (double)e).Order()];
        var threshold = counted.Length == 0 ? 0 : Quantile.Of(counted, 1 - share);
        return [.. rows.Select(r => r.Entropy.Select((e, t) => r.Item.Counts(t) && e >= threshold).ToImmutableArray())];
    }
}
