using Attune.Audit.Judgements;
using Attune.Audit.Presumptions;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Reports.Audits;

namespace Attune.Audit;

/// <summary>What labels alone say about the presumptions of learning from them.</summary>
public static class LabelAudit
{
    /// <param name="path">A file of labels in any format that <c>attune feedback import</c> reads, or a snapshot's folder.</param>
    /// <param name="most">Only that many judgements, from the start; null for all.</param>
    /// <exception cref="DataException">The file cannot be read or holds nothing that compares answers.</exception>
    public static AuditReport OfFile(string path, Seed seed, int? most = null)
    {
        var judgements = PairJudgement.Read(path);
        return judgements.Count == 0
            ? throw new DataException(
                $"{path} holds no comparison of answers. Expected comparisons, rankings or choices; verdicts and ratings cannot be audited."
            )
            : Of(Path.GetFileName(Path.TrimEndingDirectorySeparator(path)), [.. judgements.Take(most ?? int.MaxValue)], seed);
    }

    public static AuditReport Of(string source, IReadOnlyList<PairJudgement> judgements, Seed seed)
    {
        var groups = PromptGroup.Of(judgements);
        return new AuditReport(
            source,
            judgements.Count,
            groups.Count,
            judgements.Select(j => j.Person).OfType<string>().Distinct(StringComparer.Ordinal).Count(),
            [
                .. Transitivity.Measure(judgements, groups, seed),
                .. ModelFit.Measure(groups, seed),
                .. Aggregation.Measure(judgements, groups, seed),
                .. Surface.Measure(judgements),
            ]
        );
    }
}
