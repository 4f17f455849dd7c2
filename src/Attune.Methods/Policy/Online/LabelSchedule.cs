using System.Collections.Immutable;

namespace Attune.Methods.Policy.Online;

/// <summary>How the rate at which labels are asked for changes over a run.</summary>
public enum LabelRate
{
    /// <summary>Falls straight to 0: 1 - (1 - x)^2 of the labels are due after a share x of the run (Ziegler et al. 2019).</summary>
    Ziegler,

    /// <summary>Falls as 1 / (1 + x) (Christiano et al. 2017, as the imitation library has it).</summary>
    Hyperbolic,
    Constant,
}

/// <summary>Labels to be asked for before a round.</summary>
public sealed record LabelOrder(long Round, int Labels);

/// <summary>When an online run asks for labels and refreshes its reward model.</summary>
public static class LabelSchedule
{
    /// <summary>Share of the later labels that are due after a share of the run.</summary>
    public static double Due(LabelRate rate, double done) =>
        rate switch
        {
            LabelRate.Ziegler => 1 - (1 - done) * (1 - done),
            LabelRate.Hyperbolic => Math.Log2(1 + done),
            _ => done,
        };

    /// <summary>
    /// The first labels before round 0, then equal parts of the others, each before the first round at which its share of the labels is
    /// due: where the rate falls, refreshes crowd at the beginning, when the policy changes fastest.
    /// </summary>
    /// <param name="initial">Labels before anything is learned.</param>
    /// <param name="total">Labels of the whole run, the initial ones among them.</param>
    /// <param name="refreshes">Times to ask again; those that would come before the same round are asked together.</param>
    public static ImmutableArray<LabelOrder> Plan(int initial, int total, int refreshes, long rounds, LabelRate rate)
    {
        var orders = new List<LabelOrder> { new(0, initial) };
        var later = total - initial;
        for (var i = 1; i <= refreshes; i++)
        {
            var round = 1L;
            while (round < rounds - 1 && Due(rate, (double)round / rounds) < (double)i / (refreshes + 1))
            {
                round++;
            }

            var labels = later * i / refreshes - later * (i - 1) / refreshes;
            if (labels > 0 && round < rounds)
            {
                orders.Add(new LabelOrder(round, labels));
            }
        }

        return [.. orders.GroupBy(o => o.Round).Select(g => new LabelOrder(g.Key, g.Sum(o => o.Labels)))];
    }
}
