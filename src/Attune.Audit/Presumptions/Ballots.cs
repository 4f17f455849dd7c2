using Attune.Audit.Judgements;
using Attune.Core.Runs;
using Attune.Core.Statistics.Comparisons;

namespace Attune.Audit.Presumptions;

/// <summary>What each person said about each pair of answers to a prompt.</summary>
/// <param name="Answers">How many answers there are.</param>
/// <param name="Cast">One entry a person and pair.</param>
internal sealed record Ballots(int Answers, IReadOnlyList<Ballots.Ballot> Cast)
{
    // As for other fits of a prompt: an answer that never lost has a strength too.
    private const double Alpha = 0.05;

    /// <param name="Won">By the first, half a win for a tie.</param>
    internal readonly record struct Ballot(int First, int Second, double Won, int Judged);

    /// <summary>Nobody's name makes a judgement a ballot of its own.</summary>
    public static Ballots Of(PromptGroup group, Func<string?, bool>? who = null)
    {
        var named = group
            .Pairs.Where(p => who is null || who(p.Judgement.Person))
            .Select((p, place) => (p.First < p.Second ? (p.First, p.Second) : (p.Second, p.First), Pair: p, place))
            .GroupBy(p => (p.Item1, p.Pair.Judgement.Person, p.Pair.Judgement.Person is null ? p.place : 0));
        return new Ballots(
            group.Answers.Count,
            [
                .. named.Select(g => new Ballot(
                    g.Key.Item1.Item1,
                    g.Key.Item1.Item2,
                    g.Sum(p => p.Pair.First < p.Pair.Second ? p.Pair.Judgement.FirstWins : 1 - p.Pair.Judgement.FirstWins),
                    g.Count()
                )),
            ]
        );
    }

    /// <summary>Judgements, row over column.</summary>
    public double[,] Wins => Sum(b => (b.Won, b.Judged - b.Won));

    /// <summary>People, row over column; who is divided counts half for each.</summary>
    public PairCounts Votes =>
        new(
            Sum(b =>
            {
                var vote = (1 + Math.Sign((2 * b.Won) - b.Judged)) / 2.0;
                return (vote, 1 - vote);
            })
        );

    /// <summary>Bradley and Terry's strengths of all judgements, which a reward model learns.</summary>
    public double[] Strengths => RidgeStrengths.Fit(Wins, Alpha);

    public bool IsComplete => Answers >= 3 && new PairCounts(Wins).Triads().Complete == Tournament.Triads(Answers);

    /// <summary>The same people asked the same questions, all with these strengths.</summary>
    public Ballots Drawn(double[] strengths, Rng rng) =>
        this with
        {
            Cast =
            [
                .. Cast.Select(b =>
                {
                    var p = PairLink.Logistic.Probability(strengths[b.First] - strengths[b.Second]);
                    return b with { Won = Enumerable.Range(0, b.Judged).Count(_ => rng.NextDouble() < p) };
                }),
            ],
        };

    private double[,] Sum(Func<Ballot, (double First, double Second)> count)
    {
        var sum = new double[Answers, Answers];
        foreach (var ballot in Cast)
        {
            var (first, second) = count(ballot);
            sum[ballot.First, ballot.Second] += first;
            sum[ballot.Second, ballot.First] += second;
        }

        return sum;
    }
}
