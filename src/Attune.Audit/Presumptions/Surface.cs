using Attune.Audit.Judgements;
using Attune.Audit.Rewards;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Comparisons;
using Attune.Core.Statistics.Regression;
using Attune.Reports.Audits;
using MathNet.Numerics.LinearAlgebra;

namespace Attune.Audit.Presumptions;

/// <summary>
/// Presumption 5, as far as labels show it: whether form alone (length, lists, words of the prompt, refusals) goes with being preferred.
/// A logistic regression on differences of all features, with errors that allow judgements on a prompt to hang together.
/// </summary>
public static class Surface
{
    private const int Presumption = 5;
    private const int FewestPairs = 30;

    // Errors clustered by prompt mean little with fewer.
    private const int FewestPrompts = 8;

    public static IEnumerable<AuditFinding> Measure(IReadOnlyList<PairJudgement> judgements)
    {
        var untied = judgements.Where(j => !j.IsTie && j.First != j.Second).ToArray();
        double[][] differences = [.. untied.Select(Difference)];
        var used = Enumerable.Range(0, Form.Features.Length).Where(k => differences.Count(d => d[k] != 0) >= FewestPairs).ToArray();
        if (untied.Select(j => j.Prompt).Distinct(StringComparer.Ordinal).Count() < FewestPrompts)
        {
            yield return Finding.Silent(Presumption, "form of answers", $"Fewer than {FewestPrompts} prompts.");
            yield break;
        }

        foreach (var k in Enumerable.Range(0, Form.Features.Length).Except(used))
        {
            yield return Finding.Silent(Presumption, Form.Features[k].Name, $"Fewer than {FewestPairs} pairs differ in it.");
        }

        if (used.Length > 0)
        {
            foreach (var finding in Regression(untied, differences, used))
            {
                yield return finding;
            }
        }
    }

    /// <summary>
    /// Whether people prefer by form what a reward's margin does not already hold: labels regressed on the margin and on form. A negative
    /// share says that the reward pays more for form than people do.
    /// </summary>
    public static IEnumerable<AuditFinding> Beyond(IReadOnlyList<ScoredPair> pairs)
    {
        ScoredPair[] untied = [.. pairs.Where(p => !p.Judgement.IsTie && p.Judgement.First != p.Judgement.Second)];
        var prompts = untied.Select(p => p.Judgement.Prompt).Distinct(StringComparer.Ordinal).Count();
        double[][] differences = [.. untied.Select(p => Difference(p.Judgement))];
        var used = Enumerable.Range(0, Form.Features.Length).Where(k => differences.Count(d => d[k] != 0) >= FewestPairs).ToArray();
        if (prompts < FewestPrompts || used.Length == 0)
        {
            yield break;
        }

        double[][] x = [.. untied.Zip(differences, (p, d) => (double[])[p.Margin, .. used.Select(k => d[k])])];
        var fit = new LogisticRegression(x, [.. untied.Select(p => p.Judgement.FirstWins)]);
        var errors = fit.ClusterErrors([.. untied.Select(p => p.Judgement.Prompt)]);
        foreach (var (at, k) in used.Index())
        {
            var (value, error) = (fit.Coefficients[at + 1], errors[at + 1]);
            var half = Distribution.StudentQuantile(0.975, prompts - 1) * error;
            var p = Distribution.StudentTwoSided(value / error, prompts - 1);
            yield return Finding.Of(
                Presumption,
                Form.Features[k].Name + ", log-odds beyond the reward's margin",
                new Interval(value, value - half, value + half, differences.Count(d => d[k] != 0)),
                p,
                p < Finding.Level,
                $"{Form.Features[k].Name}: the reward pays {(value < 0 ? "more" : "less")} for it than people do",
                "debias_length or a penalty term where it pays more; a larger model or more labels where it pays less",
                "labels that the reward was trained on hide what it overrates"
            );
        }
    }

    private static double[] Difference(PairJudgement j) =>
        [.. Form.Of(j.Prompt, j.First).Zip(Form.Of(j.Prompt, j.Second), (a, b) => a - b)];

    private static IEnumerable<AuditFinding> Regression(PairJudgement[] untied, double[][] differences, int[] used)
    {
        Choice[] choices =
        [
            .. untied.Zip(
                differences,
                (j, d) =>
                    new Choice(
                        j.FirstWins == 1 ? 0 : 1,
                        [
                            [.. used.Select((k, at) => (at, d[k]))],
                            [],
                        ]
                    )
            ),
        ];
        var fit = ChoiceModel.Fit(used.Length, choices);
        var errors = ClusterErrors(choices, fit, [.. untied.Select(j => j.Prompt)]);
        var clusters = untied.Select(j => j.Prompt).Distinct(StringComparer.Ordinal).Count();
        foreach (var (at, k) in used.Index())
        {
            var (value, error) = (fit.Parameters[at], errors[at]);
            var half = Distribution.StudentQuantile(0.975, clusters - 1) * error;
            var p = Distribution.StudentTwoSided(value / error, clusters - 1);
            var pairs = differences.Where(d => d[k] != 0).ToArray();
            var more = untied.Zip(differences).Count(z => z.Second[k] != 0 && (z.Second[k] > 0) == (z.First.FirstWins == 1));
            yield return Finding.Of(
                Presumption,
                Form.Features[k].Name + ", log-odds of being preferred",
                new Interval(value, value - half, value + half, pairs.Length),
                p,
                p < Finding.Level,
                $"{Form.Features[k].Name}: more of it is preferred in {more / (double)pairs.Length:P1} of {pairs.Length} pairs",
                "judge pairs that are alike in it; subtract it from the reward; compare the policy's answers at equal amounts",
                "people may rightly prefer what goes with the feature: only pairs that differ in nothing else can tell"
            );
        }
    }

    /// <summary>Errors robust to judgements on a prompt that hang together (Liang and Zeger 1986), with g / (g - 1) · (n - 1) / (n -
    /// k).</summary>
    private static double[] ClusterErrors(Choice[] choices, Maximum fit, string[] clusters)
    {
        var (size, bread) = (fit.Parameters.Length, fit.Covariance);
        var meat = Matrix<double>.Build.Dense(size, size);
        var groups = choices.Zip(clusters).GroupBy(z => z.Second, z => z.First).ToArray();
        foreach (var group in groups)
        {
            var score = ChoiceModel.Evaluate([.. group], fit.Parameters).Gradient;
            meat += score.OuterProduct(score);
        }

        double g = groups.Length,
            n = choices.Length;
        var factor = g > 1 ? g / (g - 1) * (n - 1) / Math.Max(1, n - size) : double.NaN;
        return Newton.Roots(bread * meat * bread * factor);
    }
}
