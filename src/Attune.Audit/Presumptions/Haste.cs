using Attune.Audit.Judgements;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Hypotheses;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>Presumption 2: whether what was judged in haste agrees with others as often as the rest.</summary>
public static class Haste
{
    private const int Presumption = 2;
    private const int Fewest = 40;

    /// <returns>Nothing where the source keeps no times.</returns>
    public static IEnumerable<AuditFinding> Measure(IReadOnlyList<PairJudgement> judgements)
    {
        const string measure = "agreement with the others' majority: the quickest quarter of judgements less the rest";
        if (judgements.All(j => j.Active is null))
        {
            return [];
        }

        var timed = Majorities
            .Of(judgements)
            .Where(j => j.Judgement.Active is not null)
            .OrderBy(j => j.Judgement.Active)
            .Select(j => j.Agrees)
            .ToArray();
        if (timed.Length < Fewest)
        {
            return [Finding.Silent(Presumption, measure, $"Fewer than {Fewest} timed judgements on pairs that others judged too.")];
        }

        var (quick, rest) = (timed[..(timed.Length / 4)], timed[(timed.Length / 4)..]);
        var difference = new ProportionDifference(quick.Count(a => a), quick.Length, rest.Count(a => a), rest.Length);
        var p = difference.FisherP;
        return
        [
            Finding.Of(
                Presumption,
                measure,
                new Interval(difference.Difference, difference.Newcombe.Low, difference.Newcombe.High, timed.Length),
                p,
                p < Finding.Level && difference.Difference < 0,
                $"the quickest quarter of judgements agrees with the others' majority in {quick.Count(a => a) / (double)quick.Length:P0}, "
                    + $"the rest in {rest.Count(a => a) / (double)rest.Length:P0}",
                "leave out judgements too quick to have read the answers, or ask again",
                "short answers are judged quickly too; some people are quick and careful"
            ),
        ];
    }
}
