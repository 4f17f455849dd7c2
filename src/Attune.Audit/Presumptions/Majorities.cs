using Attune.Audit.Judgements;

namespace Attune.Audit.Presumptions;

/// <summary>Judgements beside what most of the others said about the same pair.</summary>
internal static class Majorities
{
    /// <summary>Untied judgements by named people on pairs about which the others have a majority.</summary>
    public static IEnumerable<(PairJudgement Judgement, bool Agrees)> Of(IReadOnlyList<PairJudgement> judgements)
    {
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
                    yield return (judgement, majority > 0 == (judgement.FirstWins == 1));
                }
            }
        }
    }
}
