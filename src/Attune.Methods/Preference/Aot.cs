using Attune.Core;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Training.Batches;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>
/// Alignment by optimal transport, Melnyk et al. 2024 (arXiv:2406.05882): not this pair's margin is to grow but the distribution of
/// margins is to dominate the reference's, quantile by quantile. Sorting matches the quantiles; the matched numbers are found before an
/// update with the weights that the update starts from, so the result does not depend on microbatches.
/// </summary>
public static class Aot
{
    /// <summary>Sets the partners that <see cref="DpoLoss.Aot"/> and <see cref="DpoLoss.AotUnpaired"/> compare with.</summary>
    /// <param name="part">Pairs that are sorted together.</param>
    internal static IEnumerable<PreferencePair> WithPartners(
        IReadOnlyList<PreferencePair> part,
        DpoLoss loss,
        LanguageModel policy,
        LanguageModel? reference
    )
    {
        if (part.Any(p => p.Pair.Probability != 1))
        {
            throw new DataException(
                "loss_type aot compares margins of different pairs, so a row's probability has no meaning in it; found one other than 1. "
                    + "Leave the column probability out, or choose another loss_type."
            );
        }

        TokenSequence[] answers = [.. part.Select(p => p.Pair.Chosen), .. part.Select(p => p.Pair.Rejected)];
        var own = AnswerSums.Plain(policy, answers);
        double[] other = part.All(p => p.Reference is not null)
            ? [.. part.Select(p => p.Reference!.Value.Chosen), .. part.Select(p => p.Reference!.Value.Rejected)]
            : AnswerSums.Plain(reference!, answers);
        var partners =
            loss == DpoLoss.Aot ? Partners(Margins(own), Margins(other)) : UnpairedPartners([.. own.Zip(other, (p, r) => p - r)]);
        return part.Zip(partners, (pair, partner) => pair with { Partner = partner });
    }

    /// <summary>For each margin of the policy the margin of the reference of the same rank.</summary>
    internal static SortedPartner[] Partners(double[] policy, double[] reference)
    {
        var sorted = reference.Order().ToArray();
        return [.. Ranks(policy).Select(rank => new SortedPartner(sorted[rank], 0))];
    }

    /// <summary>For each chosen answer the rejected log ratio of the same rank, and the other way round.</summary>
    /// <param name="ratios">Of all chosen answers, then of all rejected ones.</param>
    internal static SortedPartner[] UnpairedPartners(double[] ratios)
    {
        var (chosen, rejected) = (ratios[..(ratios.Length / 2)], ratios[(ratios.Length / 2)..]);
        var (sortedChosen, sortedRejected) = (chosen.Order().ToArray(), rejected.Order().ToArray());
        return [.. Ranks(chosen).Zip(Ranks(rejected), (c, r) => new SortedPartner(sortedRejected[c], sortedChosen[r]))];
    }

    /// <summary>log pi(chosen) - log pi(rejected), [pairs].</summary>
    internal static Tensor PolicyMargin(ScoredPairs pairs) => pairs.Chosen.LogProbs - pairs.Rejected.LogProbs;

    internal static Tensor ReferenceOf(ScoredPairs pairs) => pairs.Numbers(p => Partner(p).OfChosen);

    /// <summary>
    /// The loss of chosen log ratios less the rejected ones of the same rank. Both answers of a matched couple belong to pairs of their
    /// own: each takes the whole gradient of its own answer and half of the value.
    /// </summary>
    internal static Tensor Unpaired(ScoredPairs pairs, Func<Tensor, Tensor> loss)
    {
        var both =
            loss(pairs.Chosen.LogRatio - pairs.Numbers(p => Partner(p).OfChosen))
            + loss(pairs.Numbers(p => Partner(p).OfRejected) - pairs.Rejected.LogRatio);
        return both - both.detach() / 2;
    }

    private static SortedPartner Partner(PreferencePair pair) =>
        pair.Partner ?? throw new InvalidOperationException("the pairs of an update are to be prepared before the loss is taken");

    private static double[] Margins(double[] answers) =>
        [.. answers.Take(answers.Length / 2).Zip(answers.Skip(answers.Length / 2), (c, r) => c - r)];

    private static int[] Ranks(double[] values)
    {
        var ranks = new int[values.Length];
        foreach (var (index, rank) in Enumerable.Range(0, values.Length).OrderBy(i => values[i]).Select((index, rank) => (index, rank)))
        {
            ranks[index] = rank;
        }

        return ranks;
    }
}
