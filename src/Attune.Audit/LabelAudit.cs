using Attune.Audit.Judgements;
using Attune.Audit.Presumptions;
using Attune.Audit.Rewards;
using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Reports.Audits;

namespace Attune.Audit;

/// <summary>What labels alone say about the presumptions of learning from them, and what a reward model makes of them.</summary>
public static class LabelAudit
{
    /// <param name="most">Only that many judgements, from the start; null for all.</param>
    /// <param name="inputs">What the labels are audited with; null for the labels alone.</param>
    public static AuditReport Of(JudgedSource source, Seed seed, int? most = null, AuditInputs? inputs = null)
    {
        PairJudgement[] used = [.. source.Judgements.Take(most ?? int.MaxValue)];
        AuditFinding[] passed = source.Passed is { } p ? [Steadiness.Passes(p)] : [];
        var findings = Findings(used, seed, inputs, out var people);
        return Report(source.Name, used, [.. findings, .. passed]) with { Groups = people.Names };
    }

    public static AuditReport Of(string source, IReadOnlyList<PairJudgement> judgements, Seed seed, AuditInputs? inputs = null) =>
        Of(new JudgedSource(source, judgements), seed, null, inputs);

    /// <summary>Findings before the correction for their number.</summary>
    internal static IEnumerable<AuditFinding> Findings(
        IReadOnlyList<PairJudgement> judgements,
        Seed seed,
        AuditInputs? inputs,
        out PeopleGroups people
    )
    {
        var groups = PromptGroup.Of(judgements);
        var fitted = new FittedPrompts(groups, seed);
        people = PeopleGroups.Find(groups, seed);
        return
        [
            .. Transitivity.Measure(groups, fitted, seed),
            .. Steadiness.Measure(judgements, seed),
            .. ModelFit.Measure(fitted),
            .. Aggregation.Measure(judgements, groups, people, seed),
            .. Surface.Measure(judgements),
            .. inputs?.EvaluationFile is { } file ? [Overlap.OfFile(judgements, file)] : Array.Empty<AuditFinding>(),
            .. inputs?.Score is { } score ? Scored(judgements, groups, people, score, seed) : [],
            .. inputs?.LogProbability is { } policy ? [Policy(groups, people, policy, seed)] : Array.Empty<AuditFinding>(),
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
        IReadOnlyList<PairJudgement> judgements,
        IReadOnlyList<PromptGroup> groups,
        PeopleGroups people,
        Func<IReadOnlyList<(Prompt Prompt, string Answer)>, double[]> score,
        Seed seed
    )
    {
        var rewards = OfAnswers(judgements, score);
        ScoredPair[] pairs = [.. judgements.Select(j => new ScoredPair(j, rewards[(j.Asked, j.First)], rewards[(j.Asked, j.Second)]))];
        // What a reward chooses is the answer that it scores highest.
        double[] Best(PromptGroup prompt)
        {
            double[] own = [.. prompt.Answers.Select(a => rewards[(prompt.Asked, a)])];
            return [.. own.Select((_, i) => i == Array.IndexOf(own, own.Max()) ? 1.0 : 0)];
        }

        return
        [
            .. RewardLabels.Measure(pairs),
            GroupRegret.Measure(groups, people.Of, "reward", Best, seed),
            .. Surface.Beyond(pairs),
            .. RewardForm.Measure([.. rewards.Select(r => new ScoredAnswer(r.Key.Prompt.Key, r.Key.Answer, r.Value))]),
        ];
    }

    private static AuditFinding Policy(
        IReadOnlyList<PromptGroup> groups,
        PeopleGroups people,
        Func<IReadOnlyList<(Prompt Prompt, string Answer)>, double[]> policy,
        Seed seed
    )
    {
        var logs = OfAnswers([.. groups.SelectMany(g => g.Pairs).Select(p => p.Judgement)], policy);
        // A policy chooses among the judged answers in the proportions of their probabilities.
        double[] Shares(PromptGroup prompt)
        {
            double[] own = [.. prompt.Answers.Select(a => logs[(prompt.Asked, a)])];
            double[] odds = [.. own.Select(l => Math.Exp(l - own.Max()))];
            return [.. odds.Select(o => o / odds.Sum())];
        }

        return GroupRegret.Measure(groups, people.Of, "policy", Shares, seed);
    }

    private static Dictionary<(Prompt Prompt, string Answer), double> OfAnswers(
        IReadOnlyList<PairJudgement> judgements,
        Func<IReadOnlyList<(Prompt Prompt, string Answer)>, double[]> of
    )
    {
        (Prompt Prompt, string Answer)[] answers =
        [
            .. judgements.SelectMany(j => new[] { (Prompt: j.Asked, j.First), (Prompt: j.Asked, j.Second) }).Distinct(),
        ];
        return answers.Zip(of(answers)).ToDictionary(z => z.First, z => z.Second);
    }
}
