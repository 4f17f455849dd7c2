using Attune.Audit.Judgements;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Comparisons;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>Presumption 2 (von Neumann and Morgenstern 1944): preferences are transitive, complete and steady.</summary>
public static class Transitivity
{
    private const int Presumption = 2;

    /// <summary>By chance one of four strict triads is circular.</summary>
    private const double Chance = 0.25;

    public static IEnumerable<AuditFinding> Measure(
        IReadOnlyList<PairJudgement> judgements,
        IReadOnlyList<PromptGroup> groups,
        Seed seed
    ) => [Circles(groups, seed), Curl(groups, seed), Ties(judgements), Repeats(judgements), Position(judgements)];

    /// <summary>Circular triads among strict ones, with an interval by resampling prompts.</summary>
    public static AuditFinding Circles(IReadOnlyList<PromptGroup> groups, Seed seed)
    {
        TriadCounts[] counts =
        [
            .. groups.Where(g => g.CanBeCircular).Select(g => new PairCounts(g.Wins).Triads()).Where(t => t.Strict > 0),
        ];
        var strict = counts.Sum(c => c.Strict);
        if (strict == 0)
        {
            return Finding.Silent(
                Presumption,
                "circular triads",
                "No three answers to a prompt were compared pair by pair, so that no circle could show (a single ranking holds none)."
            );
        }

        static double Share(IReadOnlyList<TriadCounts> sample) => sample.Sum(c => c.Circular) / (double)sample.Sum(c => c.Strict);
        // Prompts are the units where there are several; within one prompt, triads.
        var interval = counts.Length >= 5 ? Bootstrap.Of(counts, Share, seed) : Wilson.Of(Share(counts), strict);
        interval = interval.Value == 0 ? Wilson.Of(0, strict) : interval;
        var circular = counts.Sum(c => c.Circular);
        var p = Distribution.BinomialBelow(circular, strict, Chance);
        return Finding.Of(
            Presumption,
            "circular triads, share of strict ones (chance 0.25)",
            interval with
            {
                Units = strict,
            },
            p,
            interval.High >= Chance || interval.Low > 0.1,
            $"{circular} of {strict} triads are circular",
            "ask again about the answers of circular triads; judge whole sets by ranking",
            "the p-value is that of so few circles by chance; noise in answers makes circles even where each person's utility has none"
        );
    }

    /// <summary>What no utility explains of the flow of preferences.</summary>
    public static AuditFinding Curl(IReadOnlyList<PromptGroup> groups, Seed seed)
    {
        Hodge[] parts =
        [
            .. groups
                .Where(g => g.CanBeCircular && g.Answers.Count <= 12)
                .Select(g => Hodge.Of(g.Answers.Count, Hodge.Mean(g.Wins)))
                .Where(h => h.Triangles.Count > 0 && h.TotalEnergy > 0),
        ];
        if (parts.Length == 0)
        {
            return Finding.Silent(Presumption, "curl", "No prompt has three answers compared pair by pair.");
        }

        static double Share(IReadOnlyList<Hodge> sample) =>
            sample.Sum(h => h.CurlEnergy + h.HarmonicEnergy) / sample.Sum(h => h.TotalEnergy);
        var interval =
            parts.Length >= 5 ? Bootstrap.Of(parts, Share, seed) : new Interval(Share(parts), double.NaN, double.NaN, parts.Length);
        return Finding.Described(
            Presumption,
            "intransitive share of the flow (Hodge decomposition)",
            interval,
            "the part of shares of wins that no utility on a line explains; single answers of yes or no alone make it positive"
        );
    }

    /// <summary>Completeness: how often people could not say which is better.</summary>
    public static AuditFinding Ties(IReadOnlyList<PairJudgement> judgements)
    {
        var ties = judgements.Count(j => j.IsTie);
        return Finding.Described(
            Presumption,
            "ties, share of pairs",
            Wilson.Of(ties / (double)judgements.Count, judgements.Count),
            "where nobody could tie or pass, ties are not seen"
        );
    }

    /// <summary>The same person asked about the same pair again.</summary>
    public static AuditFinding Repeats(IReadOnlyList<PairJudgement> judgements)
    {
        static (string, string) Sorted(PairJudgement j) =>
            string.CompareOrdinal(j.First, j.Second) < 0 ? (j.First, j.Second) : (j.Second, j.First);
        double[][] repeated =
        [
            .. judgements
                .Where(j => j.Person is not null)
                .GroupBy(j => (j.Person, j.Prompt, Sorted(j)))
                .Where(g => g.Count() >= 2)
                .Select(g => g.Select(j => Sorted(j).Item1 == j.First ? j.FirstWins : 1 - j.FirstWins).ToArray()),
        ];
        if (repeated.Length < 10)
        {
            return Finding.Silent(
                Presumption,
                "agreement of people with themselves",
                "Fewer than ten pairs were judged twice by the same person."
            );
        }

        var interval = Wilson.Of(repeated.Average(r => r[0] == r[1] ? 1.0 : 0), repeated.Length);
        return Finding.Of(
            Presumption,
            "agreement of people with themselves",
            interval,
            null,
            interval.High < 0.7,
            $"people repeat their own judgement in {interval.Value:P0} of {repeated.Length} repeated pairs",
            "clearer guidelines; several judgements a pair",
            "repeats shown soon after each other may be remembered"
        );
    }

    /// <summary>Whether what is shown first is preferred.</summary>
    public static AuditFinding Position(IReadOnlyList<PairJudgement> judgements)
    {
        var untied = judgements.Where(j => !j.IsTie && !j.Whole).ToArray();
        var first = untied.Count(j => j.FirstWins == 1);
        if (untied.Length == 0 || first == 0 || first == untied.Length)
        {
            return Finding.Silent(Presumption, "first answer preferred", "The order in which answers were shown is not recorded.");
        }

        var interval = Wilson.Of(first / (double)untied.Length, untied.Length);
        var p = Math.Min(1, 2 * Distribution.BinomialBelow(Math.Min(first, untied.Length - first), untied.Length, 0.5));
        return Finding.Of(
            Presumption,
            "first answer preferred, share of untied pairs",
            interval,
            p,
            p < 0.05,
            $"the first of two answers is preferred in {interval.Value:P1}",
            "show the two answers in random order and keep the order",
            "a file that puts better answers first for another reason looks the same"
        );
    }
}
