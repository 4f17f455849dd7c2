using Attune.Audit.Judgements;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Comparisons;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>Presumption 2 (von Neumann and Morgenstern 1944): preferences do not go round in circles.</summary>
public static class Transitivity
{
    private const int Presumption = 2;

    public static IEnumerable<AuditFinding> Measure(IReadOnlyList<PromptGroup> groups, FittedPrompts fitted, Seed seed) =>
        [Circles(groups, fitted, seed), Curl(groups, seed)];

    /// <summary>
    /// Circular triads of majorities. Noise makes circles even where everybody has a utility, so that they speak against one only where
    /// judgements drawn from the fitted utilities have fewer.
    /// </summary>
    public static AuditFinding Circles(IReadOnlyList<PromptGroup> groups, FittedPrompts fitted, Seed seed)
    {
        TriadCounts[] counts =
        [
            .. groups.Where(g => g.CanBeCircular).Select(g => new PairCounts(g.Wins).Triads()).Where(t => t.Strict > 0),
        ];
        var strict = counts.Sum(c => c.Strict);
        if (strict == 0 || fitted.All.Count == 0)
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
        static double Circular(IReadOnlyList<FittedPrompt> prompts) => prompts.Sum(p => p.Circles);
        var (p, mean) = fitted.Simulated(Circular);
        return Finding.Of(
            Presumption,
            "circular triads, share of strict ones (chance 0.25)",
            interval with
            {
                Units = strict,
            },
            p,
            p < Finding.Level,
            $"{counts.Sum(c => c.Circular)} of {strict} triads are circular (with ties broken {Circular(fitted.All):0.0}, where the "
                + $"fitted utilities and noise make {mean:0.0})",
            "ask again about the answers of circular triads; judge whole sets by ranking",
            "circles that noise makes are not told from circles that people mean where each pair was judged once"
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
}
