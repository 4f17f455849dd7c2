using Attune.Audit.Judgements;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>Presumption 4: one reward can stand for all people.</summary>
public static class Aggregation
{
    private const int Presumption = 4;

    public static IEnumerable<AuditFinding> Measure(
        IReadOnlyList<PairJudgement> judgements,
        IReadOnlyList<PromptGroup> groups,
        PeopleGroups found,
        Seed seed
    ) => [Agreement(judgements), found.Finding, .. Votes.Measure(groups, found, seed)];

    /// <summary>How often a judgement is what most of the others said about the same pair.</summary>
    public static AuditFinding Agreement(IReadOnlyList<PairJudgement> judgements)
    {
        // By person: judgements with the majority of the others, and all that there is one for.
        var people = Majorities
            .Of(judgements)
            .GroupBy(j => j.Judgement.Person!, j => j.Agrees)
            .ToDictionary(g => g.Key, g => (Right: g.Count(a => a), All: g.Count()));
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
}
