using Attune.Audit.Judgements;
using Attune.Audit.Presumptions;
using Attune.Audit.Rewards;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Reports.Audits;

namespace Attune.Audit;

/// <summary>What labels alone say about the presumptions of learning from them, and what a reward model makes of them.</summary>
public static class LabelAudit
{
    /// <param name="path">A file of labels in any format that <c>attune feedback import</c> reads, or a snapshot's folder.</param>
    /// <param name="most">Only that many judgements, from the start; null for all.</param>
    /// <param name="score">A reward model's scores of answers to prompts, in log-odds; null without one.</param>
    /// <exception cref="DataException">The file cannot be read or holds nothing that compares answers.</exception>
    public static AuditReport OfFile(
        string path,
        Seed seed,
        int? most = null,
        Func<IReadOnlyList<(Prompt Prompt, string Answer)>, double[]>? score = null
    )
    {
        var judgements = PairJudgement.Read(path);
        if (judgements.Count == 0)
        {
            throw new DataException(
                $"{path} holds no comparison of answers. Expected comparisons, rankings or choices; verdicts and ratings cannot be audited."
            );
        }

        PairJudgement[] used = [.. judgements.Take(most ?? int.MaxValue)];
        var source = Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
        return score is null ? Of(source, used, seed) : Report(source, used, [.. Findings(used, seed), .. Scored(used, score)]);
    }

    public static AuditReport Of(string source, IReadOnlyList<PairJudgement> judgements, Seed seed) =>
        Report(source, judgements, [.. Findings(judgements, seed)]);

    /// <summary>Findings before the correction for their number.</summary>
    internal static IEnumerable<AuditFinding> Findings(IReadOnlyList<PairJudgement> judgements, Seed seed)
    {
        var groups = PromptGroup.Of(judgements);
        var fitted = new FittedPrompts(groups, seed);
        return
        [
            .. Transitivity.Measure(groups, fitted, seed),
            .. Steadiness.Measure(judgements, seed),
            .. ModelFit.Measure(fitted),
            .. Aggregation.Measure(judgements, groups, seed),
            .. Surface.Measure(judgements),
        ];
    }

    internal static AuditReport Report(string source, IReadOnlyList<PairJudgement> judgements, IReadOnlyList<AuditFinding> findings) =>
        new(
            source,
            judgements.Count,
            judgements.Select(j => j.Prompt).Distinct(StringComparer.Ordinal).Count(),
            judgements.Select(j => j.Person).OfType<string>().Distinct(StringComparer.Ordinal).Count(),
            [.. Finding.Corrected(findings).OrderBy(f => f.Presumption)]
        );

    private static IEnumerable<AuditFinding> Scored(
        PairJudgement[] judgements,
        Func<IReadOnlyList<(Prompt Prompt, string Answer)>, double[]> score
    )
    {
        (Prompt Prompt, string Answer)[] answers =
        [
            .. judgements.SelectMany(j => new[] { (Prompt: j.Asked, j.First), (Prompt: j.Asked, j.Second) }).Distinct(),
        ];
        var rewards = answers.Zip(score(answers)).ToDictionary(z => z.First, z => z.Second);
        ScoredPair[] pairs = [.. judgements.Select(j => new ScoredPair(j, rewards[(j.Asked, j.First)], rewards[(j.Asked, j.Second)]))];
        return
        [
            .. RewardLabels.Measure(pairs),
            .. Surface.Beyond(pairs),
            .. RewardForm.Measure([.. answers.Select(a => new ScoredAnswer(a.Prompt.Key, a.Answer, rewards[a]))]),
        ];
    }
}
