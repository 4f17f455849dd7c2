using Attune.Audit.Judgements;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Hypotheses;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>Presumption 2, as far as it is about people: their preferences are complete, stay the same and do not depend on the order
/// shown.</summary>
public static class Steadiness
{
    private const int Presumption = 2;

    /// <summary>More ties than this, and a model of wins alone leaves out what people said.</summary>
    private const double MostTies = 0.1;

    /// <summary>Bradley and Terry's people at one unit of utility apart repeat themselves in 0.61 of pairs.</summary>
    private const double LeastRepeated = 0.6;

    private const int Fewest = 10;

    public static IEnumerable<AuditFinding> Measure(IReadOnlyList<PairJudgement> judgements, Seed seed) =>
        [Ties(judgements), Repeats(judgements), Position(judgements), Drift(judgements, seed), .. Haste.Measure(judgements)];

    /// <summary>Completeness where people may pass: how often they skipped, flagged or said that neither answer will do.</summary>
    public static AuditFinding Passes(Passed passed)
    {
        var measure = $"questions that people passed on, share (at most {MostTies})";
        if (passed.Asked == 0)
        {
            return Finding.Silent(Presumption, measure, "Nobody was asked.");
        }

        var p = 1 - Distribution.BinomialBelow(passed.All - 1, passed.Asked, MostTies);
        return Finding.Of(
            Presumption,
            measure,
            Wilson.Of(passed.All / (double)passed.Asked, passed.Asked),
            p,
            p < Finding.Level,
            $"people passed on {passed.All} of {passed.Asked} questions: {passed.Skipped} skipped, {passed.Flagged} flagged, neither "
                + $"answer would do in {passed.Neither}",
            "look at what was passed on; better answers to compare, clearer guidelines",
            "a person may pass for reasons that have nothing to do with the answers; ties are counted apart"
        );
    }

    /// <summary>Completeness: how often people could not say which is better.</summary>
    public static AuditFinding Ties(IReadOnlyList<PairJudgement> judgements)
    {
        var ties = judgements.Count(j => j.IsTie);
        var limits = "where nobody could tie or pass, ties are not seen";
        var p = 1 - Distribution.BinomialBelow(ties - 1, judgements.Count, MostTies);
        var share = Wilson.Of(ties / (double)judgements.Count, judgements.Count);
        return ties == 0
            ? Finding.Described(Presumption, "ties, share of pairs", share, limits)
            : Finding.Of(
                Presumption,
                $"ties, share of pairs (at most {MostTies})",
                share,
                p,
                p < Finding.Level,
                $"people could not tell in {share.Value:P1} of pairs",
                "a reward model that knows ties (Rao and Kupper), or drop pairs that are too close",
                limits
            );
    }

    /// <summary>The same person asked about the same pair again.</summary>
    public static AuditFinding Repeats(IReadOnlyList<PairJudgement> judgements)
    {
        double[][] repeated =
        [
            .. judgements
                .Where(j => j is { Person: not null, IsTie: false })
                .Select(j => j.Sorted())
                .GroupBy(j => (j.Person, j.Prompt, j.First, j.Second))
                .Where(g => g.Count() >= 2)
                .Select(g => g.Select(j => j.FirstWins).ToArray()),
        ];
        if (repeated.Length < Fewest)
        {
            return Finding.Silent(
                Presumption,
                "agreement of people with themselves",
                $"Fewer than {Fewest} pairs were judged twice by the same person."
            );
        }

        var same = repeated.Count(r => r[0] == r[1]);
        var p = Distribution.BinomialBelow(same, repeated.Length, LeastRepeated);
        var interval = Wilson.Of(same / (double)repeated.Length, repeated.Length);
        return Finding.Of(
            Presumption,
            $"agreement of people with themselves (at least {LeastRepeated})",
            interval,
            p,
            p < Finding.Level,
            $"people repeat their own judgement in {interval.Value:P0} of {repeated.Length} repeated pairs",
            "clearer guidelines; several judgements a pair",
            "repeats shown soon after each other may be remembered; answers that are about equally good are not repeated often either"
        );
    }

    /// <summary>Whether what is shown first is preferred.</summary>
    public static AuditFinding Position(IReadOnlyList<PairJudgement> judgements)
    {
        var untied = judgements.Where(j => j is { IsTie: false, Whole: false, IsShownOrder: true }).ToArray();
        var first = untied.Count(j => j.FirstWins == 1);
        if (untied.Length == 0 || first == 0 || first == untied.Length)
        {
            return Finding.Silent(Presumption, "first answer preferred", "The order in which answers were shown is not recorded.");
        }

        var interval = Wilson.Of(first / (double)untied.Length, untied.Length);
        var p = Proportion.SignTest(first, untied.Length);
        return Finding.Of(
            Presumption,
            "first answer preferred, share of untied pairs",
            interval,
            p,
            p < Finding.Level,
            $"the first of two answers is preferred in {interval.Value:P1}",
            "show the two answers in random order and keep the order",
            "a file that puts better answers first for another reason looks the same"
        );
    }

    /// <summary>
    /// Whether the later half of judgements differs from the earlier one on the same pairs: squared deviations of early wins over their
    /// hypergeometric variance, summed over pairs. Under the hypothesis the judgements of a pair come in any order.
    /// </summary>
    public static AuditFinding Drift(IReadOnlyList<PairJudgement> judgements, Seed seed)
    {
        const string measure = "difference of early and late judgements on the same pairs, χ² per pair (1 where there is none)";
        var timed = judgements.All(j => j.At is not null);
        var ordered = timed ? judgements.OrderBy(j => j.At).ToArray() : [.. judgements];
        (double[] Wins, int Early)[] pairs =
        [
            .. ordered
                .Select((j, place) => (Judgement: j.Sorted(), Early: 2 * place < ordered.Length))
                .Where(j => !j.Judgement.IsTie)
                .GroupBy(j => (j.Judgement.Prompt, j.Judgement.First, j.Judgement.Second))
                .Select(g => (Wins: g.Select(j => j.Judgement.FirstWins).ToArray(), Early: g.Count(j => j.Early)))
                .Where(p => p.Early > 0 && p.Early < p.Wins.Length && p.Wins.Distinct().Count() == 2),
        ];
        if (pairs.Length < Fewest)
        {
            return Finding.Silent(Presumption, measure, $"Fewer than {Fewest} pairs were judged both early and late, with both outcomes.");
        }

        var observed = pairs.Sum(p => Squared(p.Wins, p.Early));
        var (p, mean) = MonteCarlo.Above(
            observed,
            draw =>
            {
                var rng = seed.For("drift", draw).Rng();
                return pairs.Sum(pair => Squared([.. rng.Permutation(pair.Wins.Length).Select(i => pair.Wins[i])], pair.Early));
            }
        );
        return Finding.Of(
            Presumption,
            measure,
            new Interval(observed / pairs.Length, double.NaN, double.NaN, pairs.Length),
            p,
            p < Finding.Level,
            $"early and late judgements differ: {observed / pairs.Length:0.00} a pair where any order gives {mean / pairs.Length:0.00}",
            "look at what changed (guidelines, people, interface); train on the later half or give time as a feature",
            (timed ? "" : "the order of the file is taken as that of time; ")
                + "other people in the second half look the same as people who changed"
        );
    }

    private static double Squared(double[] wins, int early)
    {
        double n = wins.Length,
            won = wins.Sum();
        var variance = early * won * (n - won) * (n - early) / (n * n * (n - 1));
        return Math.Pow(wins.Take(early).Sum() - (early * won / n), 2) / variance;
    }
}
