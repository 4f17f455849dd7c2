using Attune.Audit.Judgements;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Comparisons;
using Attune.Core.Statistics.Hypotheses;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>Presumption 4: one reward can stand for all people.</summary>
public static class Aggregation
{
    private const int Presumption = 4;

    // Each answer has a strength in every group.
    private const int MostItems = 400;
    private const int MostClusters = 4;
    private const double Alpha = 0.1;
    private const int Starts = 4;
    private const int ShortSteps = 5;
    private const int MostSteps = 40;

    public static IEnumerable<AuditFinding> Measure(
        IReadOnlyList<PairJudgement> judgements,
        IReadOnlyList<PromptGroup> groups,
        Seed seed
    ) => [Agreement(judgements), Clusters(groups, seed), Winners(groups)];

    /// <summary>How often a judgement is what most of the others said about the same pair.</summary>
    public static AuditFinding Agreement(IReadOnlyList<PairJudgement> judgements)
    {
        var people = WithMajority(judgements);
        var (agree, shared) = (people.Values.Sum(v => v.Right), people.Values.Sum(v => v.All));
        if (people.Count < 2 || shared < 20)
        {
            return Finding.Silent(Presumption, "agreement with the others' majority", "Too few pairs were judged by several named people.");
        }

        // A person stands apart where even after a correction for the number of people agreement is below that of all.
        var mean = agree / (double)shared;
        double[] tails = [.. people.Values.Select(v => Math.Min(1, people.Count * Distribution.BinomialBelow(v.Right, v.All, mean)))];
        var apart = tails.Count(p => p < Finding.Level);
        return Finding.Of(
            Presumption,
            "agreement with the others' majority",
            Wilson.Of(mean, shared),
            tails.Min(),
            apart > 0,
            $"{apart} of {people.Count} people agree with the others' majority less than the rest do",
            "look at these people's labels; a reward for each group",
            "groups of equal size pull the majority apart without anybody standing out: see the mixture"
        );
    }

    /// <summary>By person: judgements with the majority of the others, and all that there is one for.</summary>
    private static Dictionary<string, (int Right, int All)> WithMajority(IReadOnlyList<PairJudgement> judgements)
    {
        var people = new Dictionary<string, (int Right, int All)>();
        foreach (
            var pair in judgements
                .Where(j => j is { Person: not null, IsTie: false })
                .Select(j => j.Sorted())
                .GroupBy(j => (j.Prompt, j.First, j.Second))
        )
        {
            foreach (var judgement in pair)
            {
                var others = pair.Where(o => o.Person != judgement.Person).ToArray();
                var majority = others.Sum(o => o.FirstWins) - (others.Length / 2.0);
                if (majority != 0)
                {
                    var (right, all) = people.GetValueOrDefault(judgement.Person!);
                    people[judgement.Person!] = (right + (majority > 0 == (judgement.FirstWins == 1) ? 1 : 0), all + 1);
                }
            }
        }

        return people;
    }

    /// <summary>Whether groups of people predict held-out judgements better than one.</summary>
    public static AuditFinding Clusters(IReadOnlyList<PromptGroup> groups, Seed seed)
    {
        const string measure = "gain of groups of people over one, nats per held-out judgement";
        var (items, comparisons) = Numbered(groups);
        var people = comparisons.Select(c => c.Person).Distinct().Count();
        if (items > MostItems || people < 6 || comparisons.Count < 10 * people)
        {
            return Finding.Silent(
                Presumption,
                measure,
                $"Groups need six or more named people with ten judgements each on at most {MostItems} answers."
            );
        }

        var rng = seed.For("held-out").Rng();
        var draw = comparisons.Select(c => (Comparison: c, HeldOut: rng.NextDouble() < 0.25)).ToArray();
        PersonComparison[] training = [.. draw.Where(d => !d.HeldOut).Select(d => d.Comparison)],
            heldOut = [.. draw.Where(d => d.HeldOut).Select(d => d.Comparison)];
        var one = Fitted(items, training, people, 1, seed);
        var tried = Enumerable
            .Range(2, MostClusters - 1)
            .Select(clusters => Fitted(items, training, people, clusters, seed))
            .Select(fit => (Fit: fit, Gain: Gain.Of(one, fit, heldOut, seed)))
            .ToArray();
        var (best, gain) = tried.MaxBy(t => t.Gain.Nats.Value);
        var p = Math.Min(1, tried.Min(t => t.Gain.P) * tried.Length);
        return Grouped(best, gain.Nats, p, measure);
    }

    /// <summary>What more groups add for held-out judgements. Where there is only one group, judgements are independent of each other; an
    /// interval for other people has people as its units.</summary>
    private sealed record Gain(Interval Nats, double P)
    {
        public static Gain Of(MixtureStep before, MixtureStep after, IReadOnlyList<PersonComparison> heldOut, Seed seed)
        {
            double[] gains = [.. heldOut.Select(c => AnnotatorMixture.HeldOut(after, [c]) - AnnotatorMixture.HeldOut(before, [c]))];
            double[][] people = [.. gains.Zip(heldOut).GroupBy(z => z.Second.Person, z => z.First).Select(g => g.ToArray())];
            var test = MeanTest.Of(gains);
            var nats = Bootstrap.Of(people, sample => sample.Sum(g => g.Sum()) / sample.Sum(g => g.Length), seed);
            return new Gain(nats, test.Error > 0 ? Distribution.StudentAbove(test.T, test.Freedom) : 1);
        }
    }

    private static AuditFinding Grouped(MixtureStep best, Interval gain, double p, string measure) =>
        Finding.Of(
            Presumption,
            measure,
            gain,
            p,
            p < Finding.Level,
            $"{best.Shares.Length} groups of people ({string.Join(", ", best.Shares.OrderDescending().Select(s => $"{s:P0}"))}) predict "
                + "held-out judgements better than one",
            "train with the groups known (a reward a group), or guard the worst group",
            $"at most {MostClusters} groups are tried; people with few judgements cannot be placed"
        );

    /// <summary>How often one answer beats every other by majority.</summary>
    public static AuditFinding Winners(IReadOnlyList<PromptGroup> groups)
    {
        var complete = groups
            .Where(g => g.CanBeCircular && new PairCounts(g.Wins).Triads().Complete == Tournament.Triads(g.Answers.Count))
            .ToArray();
        if (complete.Length == 0)
        {
            return Finding.Silent(
                Presumption,
                "prompts with a Condorcet winner",
                "No prompt has three answers all of which were compared pair by pair, or ranked by several people."
            );
        }

        var winners = complete.Count(g => new PairCounts(g.Wins).WeakCondorcetWinners.Count > 0);
        return Finding.Described(
            Presumption,
            "prompts with an answer that loses no majority",
            Wilson.Of(winners / (double)complete.Length, complete.Length),
            "where there is none, every choice of a best answer goes against some majority"
        );
    }

    private static (int Items, IReadOnlyList<PersonComparison> Comparisons) Numbered(IReadOnlyList<PromptGroup> groups)
    {
        var people = new Dictionary<string, int>(StringComparer.Ordinal);
        var comparisons = new List<PersonComparison>();
        var start = 0;
        foreach (var group in groups)
        {
            foreach (var (first, second, judgement) in group.Pairs.Where(p => p.Judgement is { Person: not null, IsTie: false }))
            {
                people.TryAdd(judgement.Person!, people.Count);
                var (winner, loser) = judgement.FirstWins == 1 ? (first, second) : (second, first);
                comparisons.Add(new PersonComparison(people[judgement.Person!], start + winner, start + loser));
            }

            start += group.Answers.Count;
        }

        return (start, comparisons);
    }

    /// <summary>Short runs from several starts, then the best of them to its end (Biernacki, Celeux and Govaert 2003).</summary>
    private static MixtureStep Fitted(int items, PersonComparison[] training, int people, int clusters, Seed seed)
    {
        var starts = clusters == 1 ? 1 : Starts;
        var best = Enumerable
            .Range(0, starts)
            .Select(s => Steps(items, training, Start(people, clusters, seed.For("start", s)), ShortSteps))
            .MaxBy(f => f.Penalised)!;
        return Steps(items, training, best.Responsibilities, MostSteps);
    }

    private static MixtureStep Steps(int items, PersonComparison[] training, double[][] start, int most) =>
        AnnotatorMixture.Steps(items, training, start, Alpha, most, tolerance: 1e-3).Last();

    private static double[][] Start(int people, int clusters, Seed seed) =>
        [
            .. Enumerable
                .Range(0, people)
                .Select(person =>
                {
                    var rng = seed.For("person", person).Rng();
                    double[] shares = [.. Enumerable.Range(0, clusters).Select(_ => 0.1 + rng.NextDouble())];
                    return shares.Select(s => s / shares.Sum()).ToArray();
                }),
        ];
}
