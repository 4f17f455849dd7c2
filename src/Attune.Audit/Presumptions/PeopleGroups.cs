using System.Collections.Immutable;
using System.Globalization;
using Attune.Audit.Judgements;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Comparisons;
using Attune.Core.Statistics.Hypotheses;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>Groups of people who prefer by utilities of their own, as far as held-out judgements show any.</summary>
/// <param name="Finding">What groups add, and whether that is more than chance.</param>
/// <param name="Of">The group of each named person; empty where one group predicts as well.</param>
public sealed record PeopleGroups(AuditFinding Finding, IReadOnlyDictionary<string, int> Of)
{
    /// <summary>The same by name, from the largest group.</summary>
    public ImmutableSortedDictionary<string, string> Names =>
        Of.ToImmutableSortedDictionary(
            p => p.Key,
            p => string.Create(CultureInfo.InvariantCulture, $"group {p.Value + 1}"),
            StringComparer.Ordinal
        );

    private const int Presumption = 4;
    private const string Measure = "gain of groups of people over one, nats per held-out judgement";

    // Each answer has a strength in every group.
    private const int MostItems = 400;
    private const int MostClusters = 4;
    private const double Alpha = 0.1;
    private const int Starts = 4;
    private const int ShortSteps = 5;
    private const int MostSteps = 40;

    /// <summary>Expectation-maximisation for two to four groups on three quarters of the judgements; the rest say how many there are, if
    /// any.</summary>
    public static PeopleGroups Find(IReadOnlyList<PromptGroup> groups, Seed seed)
    {
        var (items, people, comparisons) = Numbered(groups);
        if (items > MostItems || people.Count < 6 || comparisons.Count < 10 * people.Count)
        {
            var why = $"Groups need six or more named people with ten judgements each on at most {MostItems} answers.";
            return new PeopleGroups(Presumptions.Finding.Silent(Presumption, Measure, why), new Dictionary<string, int>());
        }

        var rng = seed.For("held-out").Rng();
        var draw = comparisons.Select(c => (Comparison: c, HeldOut: rng.NextDouble() < 0.25)).ToArray();
        PersonComparison[] training = [.. draw.Where(d => !d.HeldOut).Select(d => d.Comparison)],
            heldOut = [.. draw.Where(d => d.HeldOut).Select(d => d.Comparison)];
        var one = Fitted(items, training, people.Count, 1, seed);
        var tried = Enumerable
            .Range(2, MostClusters - 1)
            .Select(clusters => Fitted(items, training, people.Count, clusters, seed))
            .Select(fit => (Fit: fit, Gain: Gain.Of(one, fit, heldOut, seed)))
            .ToArray();
        var (best, gain) = tried.MaxBy(t => t.Gain.Nats.Value);
        var p = Math.Min(1, tried.Min(t => t.Gain.P) * tried.Length);
        return new PeopleGroups(Grouped(best, gain.Nats, p), p < Presumptions.Finding.Level ? Placed(people, best) : []);
    }

    /// <summary>Everybody in the group that is most probable for them; groups are numbered from the largest.</summary>
    private static Dictionary<string, int> Placed(Dictionary<string, int> people, MixtureStep fit)
    {
        var cluster = people.ToDictionary(p => p.Key, p => fit.Responsibilities[p.Value].Index().MaxBy(r => r.Item).Index);
        int[] order = [.. cluster.Values.CountBy(c => c).OrderByDescending(c => c.Value).ThenBy(c => c.Key).Select(c => c.Key)];
        return order.Length < 2 ? [] : cluster.ToDictionary(p => p.Key, p => Array.IndexOf(order, p.Value), StringComparer.Ordinal);
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

    private static AuditFinding Grouped(MixtureStep best, Interval gain, double p) =>
        Presumptions.Finding.Of(
            Presumption,
            Measure,
            gain,
            p,
            p < Presumptions.Finding.Level,
            $"{best.Shares.Length} groups of people ({string.Join(", ", best.Shares.OrderDescending().Select(s => $"{s:P0}"))}) predict "
                + "held-out judgements better than one",
            "train with the groups known (a reward a group), or guard the worst group",
            $"at most {MostClusters} groups are tried; people with few judgements cannot be placed"
        );

    private static (int Items, Dictionary<string, int> People, IReadOnlyList<PersonComparison> Comparisons) Numbered(
        IReadOnlyList<PromptGroup> groups
    )
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

        return (start, people, comparisons);
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
