using Attune.Audit.Judgements;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Hypotheses;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>
/// Presumption 4: whether the answer that all judgements together put first would win a vote. Where every pair has the same number of
/// judgements, Bradley and Terry's order is Borda's; Condorcet asks for a majority of people against each other answer.
/// </summary>
public static class Votes
{
    private const int Presumption = 4;
    private const string NoVotes = "No prompt has three answers all of which were compared pair by pair, or ranked by several people.";

    public static IEnumerable<AuditFinding> Measure(IReadOnlyList<PromptGroup> groups, PeopleGroups found, Seed seed)
    {
        PromptGroup[] circular = [.. groups.Where(g => g.CanBeCircular)];
        Ballots[] complete = [.. circular.Select(g => Ballots.Of(g)).Where(b => b.IsComplete)];
        return complete.Length == 0
            ? [Finding.Silent(Presumption, "prompts with an answer that loses no majority", NoVotes)]
            : [Winners(complete), Borda(complete), Against(complete, seed), Groups(circular, found)];
    }

    /// <summary>How often one answer loses no majority.</summary>
    private static AuditFinding Winners(Ballots[] complete) =>
        Finding.Described(
            Presumption,
            "prompts with an answer that loses no majority of people",
            Share(complete, b => b.Votes.WeakCondorcetWinners.Count > 0),
            "where there is none, every choice of a best answer goes against some majority"
        );

    /// <summary>How often the best by strength is the best by points too.</summary>
    private static AuditFinding Borda(Ballots[] complete) =>
        Finding.Described(
            Presumption,
            "prompts whose best answer by all judgements has the most points too (Borda)",
            Share(complete, b => Best(b.Strengths) is var best && b.Votes.BordaShares is var points && points[best] >= points.Max() - 1e-9),
            "points count people, not judgements: who judges more often has more say in a reward than in a vote"
        );

    /// <summary>How often the best by strength loses majorities of people.</summary>
    public static AuditFinding Against(IReadOnlyList<PromptGroup> groups, Seed seed)
    {
        Ballots[] complete = [.. groups.Where(g => g.CanBeCircular).Select(g => Ballots.Of(g)).Where(b => b.IsComplete)];
        return complete.Length == 0
            ? Finding.Silent(Presumption, "prompts whose best answer by all judgements loses a majority of people", NoVotes)
            : Against(complete, seed);
    }

    private static AuditFinding Against(Ballots[] complete, Seed seed)
    {
        double[][] strengths = [.. complete.Select(b => b.Strengths)];
        var observed = complete.Zip(strengths, (b, s) => Lost(b, Best(s))).ToArray();
        var count = observed.Count(o => o.Some);
        var (p, mean) = MonteCarlo.Above(
            count,
            draw =>
            {
                var rng = seed.For("votes", draw).Rng();
                return complete.Zip(strengths, (b, s) => b.Drawn(s, rng)).Count(b => Lost(b, Best(b.Strengths)).Some);
            }
        );
        return Finding.Of(
            Presumption,
            "prompts whose best answer by all judgements loses a majority of people",
            Wilson.Of(count / (double)complete.Length, complete.Length),
            p,
            p < Finding.Level,
            $"the answer that a reward would put first loses a majority of people in {count} of {complete.Length} prompts, where people "
                + $"of one mind give {mean:0.0}; it loses every majority in {observed.Count(o => o.All)}",
            "count people rather than judgements: the same number of judgements of each person, or weights",
            "who answered a pair twice and differently is divided; circles of majorities look the same"
        );
    }

    /// <summary>How often the best by strength is what some group of people likes least in a vote.</summary>
    private static AuditFinding Groups(PromptGroup[] prompts, PeopleGroups found)
    {
        const string measure = "prompts whose best answer by all judgements loses every majority in some group of people";
        if (found.Of.Count == 0)
        {
            return Finding.Silent(Presumption, measure, "No groups of people were found.");
        }

        var voted = prompts
            .Select(p =>
                (
                    All: Ballots.Of(p),
                    Parts: found
                        .Of.Values.Distinct()
                        .Select(g => Ballots.Of(p, person => person is not null && found.Of.TryGetValue(person, out var own) && own == g))
                        .Where(b => b.IsComplete)
                        .ToArray()
                )
            )
            .Where(p => p.Parts.Length >= 2)
            .ToArray();
        if (voted.Length == 0)
        {
            return Finding.Silent(Presumption, measure, "No prompt has all pairs judged in two groups.");
        }

        var loses = voted.Count(p => Best(p.All.Strengths) is var best && p.Parts.Any(part => Lost(part, best).All));
        return Finding.Described(
            Presumption,
            measure,
            Wilson.Of(loses / (double)voted.Length, voted.Length),
            "groups were found in the same labels, which makes them look further apart than they are"
        );
    }

    private static (bool Some, bool All) Lost(Ballots ballots, int answer)
    {
        var votes = ballots.Votes;
        return (!votes.WeakCondorcetWinners.Contains(answer), votes.CondorcetLoser == answer);
    }

    private static int Best(double[] strengths) => strengths.Index().MaxBy(s => s.Item).Index;

    private static Interval Share(Ballots[] complete, Func<Ballots, bool> counts) =>
        Wilson.Of(complete.Count(counts) / (double)complete.Length, complete.Length);
}
