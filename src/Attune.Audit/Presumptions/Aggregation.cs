using Attune.Audit.Judgements;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Comparisons;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>Presumption 4: one reward can stand for all people.</summary>
public static class Aggregation
{
    private const int Presumption = 4;

    // Expectation-maximisation solves a system of this size at every step.
    private const int MostItems = 60;
    private const double Alpha = 0.1;
    private const int Starts = 5;

    public static IEnumerable<AuditFinding> Measure(
        IReadOnlyList<PairJudgement> judgements,
        IReadOnlyList<PromptGroup> groups,
        Seed seed
    ) => [Agreement(judgements), Clusters(groups, seed), Winners(groups)];

    /// <summary>How often a judgement is what most of the others said about the same pair.</summary>
    public static AuditFinding Agreement(IReadOnlyList<PairJudgement> judgements)
    {
        var people = new Dictionary<string, (int Right, int All)>();
        foreach (
            var pair in judgements
                .Where(j => j is { Person: not null, IsTie: false })
                .Select(Turned)
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

        var (agree, shared) = (people.Values.Sum(v => v.Right), people.Values.Sum(v => v.All));
        if (people.Count < 2 || shared < 20)
        {
            return Finding.Silent(Presumption, "agreement with the others' majority", "Too few pairs were judged by several named people.");
        }

        // A person stands apart where even after a correction for the number of people agreement is below that of all.
        var mean = agree / (double)shared;
        var apart = people.Count(p => Distribution.BinomialBelow(p.Value.Right, p.Value.All, mean) < 0.05 / people.Count);
        return Finding.Of(
            Presumption,
            "agreement with the others' majority",
            Wilson.Of(mean, shared),
            null,
            apart > 0,
            $"{apart} of {people.Count} people agree with the others' majority less than the rest do",
            "look at these people's labels; a reward for each group",
            "groups of equal size pull the majority apart without anybody standing out: see the mixture"
        );
    }

    /// <summary>Whether two groups of people predict held-out judgements better than one.</summary>
    public static AuditFinding Clusters(IReadOnlyList<PromptGroup> groups, Seed seed)
    {
        const string measure = "gain of two groups of people over one, nats per held-out judgement";
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
        var two = Enumerable
            .Range(0, Starts)
            .Select(s => Fitted(items, training, people, 2, seed.For("start", s)))
            .MaxBy(s => s.Penalised)!;
        // People are the units: a person's judgements hang together.
        double[][] gains =
        [
            .. heldOut
                .GroupBy(c => c.Person)
                .Select(g => new[] { AnnotatorMixture.HeldOut(two, g) - AnnotatorMixture.HeldOut(one, g), g.Count() }),
        ];
        var gain = Bootstrap.Of(gains, sample => sample.Sum(g => g[0]) / sample.Sum(g => g[1]), seed);
        return Grouped(two, gain with { Units = people }, measure);
    }

    private static AuditFinding Grouped(MixtureStep two, Interval gain, string measure) =>
        Finding.Of(
            Presumption,
            measure,
            gain,
            null,
            gain.IsPositive,
            $"two groups of people ({two.Shares.Min():P0} and {two.Shares.Max():P0}) predict held-out judgements better than one",
            "train with the groups known (a reward a group), or guard the worst group",
            "more than two groups are not tried; people with few judgements cannot be placed"
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

    private static PairJudgement Turned(PairJudgement j) =>
        string.CompareOrdinal(j.First, j.Second) <= 0 ? j : j with { First = j.Second, Second = j.First, FirstWins = 1 - j.FirstWins };

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

    private static MixtureStep Fitted(int items, PersonComparison[] training, int people, int clusters, Seed seed)
    {
        double[][] start =
        [
            .. Enumerable
                .Range(0, people)
                .Select(person =>
                {
                    var share = clusters == 1 ? 1 : 0.1 + (0.8 * seed.For("person", person).Rng().NextDouble());
                    return clusters == 1 ? new[] { share } : [share, 1 - share];
                }),
        ];
        return AnnotatorMixture.Steps(items, training, start, Alpha, most: 100, tolerance: 1e-6).Last();
    }
}
