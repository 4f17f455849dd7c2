using Attune.Core.Conversations;
using Attune.Core.Statistics.Comparisons;

namespace Attune.Audit.Judgements;

/// <summary>All judgements on the answers to one prompt.</summary>
/// <param name="Answers">The different answers; a judgement speaks of them by number.</param>
public sealed record PromptGroup(IReadOnlyList<string> Answers, IReadOnlyList<(int First, int Second, PairJudgement Judgement)> Pairs)
{
    /// <summary>The prompt; there is none without judgements.</summary>
    public Prompt Asked => Pairs[0].Judgement.Asked;

    /// <summary>Row over column, half a win to both for a tie.</summary>
    public double[,] Wins
    {
        get
        {
            var wins = new double[Answers.Count, Answers.Count];
            foreach (var (first, second, judgement) in Pairs)
            {
                wins[first, second] += judgement.FirstWins;
                wins[second, first] += 1 - judgement.FirstWins;
            }

            return wins;
        }
    }

    public IReadOnlyList<Comparison> Comparisons => Comparison.Of(Wins);

    /// <summary>Whether a circle could show: not all pairs come from one ranking.</summary>
    public bool CanBeCircular =>
        Answers.Count >= 3 && !(Pairs.All(p => p.Judgement.Whole) && Pairs.Select(p => p.Judgement.Person).Distinct().Count() == 1);

    public static IReadOnlyList<PromptGroup> Of(IEnumerable<PairJudgement> judgements) =>
        [.. judgements.GroupBy(j => j.Prompt, StringComparer.Ordinal).Select(g => Of([.. g]))];

    private static PromptGroup Of(PairJudgement[] judgements)
    {
        string[] answers = [.. judgements.SelectMany(j => new[] { j.First, j.Second }).Distinct(StringComparer.Ordinal)];
        var number = answers.Index().ToDictionary(a => a.Item, a => a.Index, StringComparer.Ordinal);
        return new PromptGroup(
            answers,
            [.. judgements.Where(j => j.First != j.Second).Select(j => (number[j.First], number[j.Second], j))]
        );
    }
}
