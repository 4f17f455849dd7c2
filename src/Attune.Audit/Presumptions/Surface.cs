using System.Text.RegularExpressions;
using Attune.Audit.Judgements;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Comparisons;
using Attune.Reports.Audits;
using MathNet.Numerics.LinearAlgebra;

namespace Attune.Audit.Presumptions;

/// <summary>
/// Presumption 5, as far as labels show it: whether form alone (length, lists, words of the prompt, refusals) goes with being preferred.
/// A logistic regression on differences of all features, with errors that allow judgements on a prompt to hang together.
/// </summary>
public static partial class Surface
{
    private const int Presumption = 5;
    private const int FewestPairs = 30;

    private static readonly (string Name, Func<string, string, double> Of)[] Features =
    [
        ("length, per doubling", (_, answer) => Math.Log2(1 + answer.EnumerateRunes().Count())),
        ("lists, headings and code", (_, answer) => Formatting().Count(answer) > 0 ? 1 : 0),
        ("words of the prompt, share of the answer's", Copied),
        ("refusal", (_, answer) => Refusal().IsMatch(answer) ? 1 : 0),
    ];

    public static IEnumerable<AuditFinding> Measure(IReadOnlyList<PairJudgement> judgements)
    {
        var untied = judgements.Where(j => !j.IsTie && j.First != j.Second).ToArray();
        double[][] differences =
        [
            .. untied.Select(j => Features.Select(f => f.Of(j.Prompt, j.First) - f.Of(j.Prompt, j.Second)).ToArray()),
        ];
        var used = Enumerable.Range(0, Features.Length).Where(k => differences.Count(d => d[k] != 0) >= FewestPairs).ToArray();
        foreach (var k in Enumerable.Range(0, Features.Length).Except(used))
        {
            yield return Finding.Silent(Presumption, Features[k].Name, $"Fewer than {FewestPairs} pairs differ in it.");
        }

        if (used.Length > 0)
        {
            foreach (var finding in Regression(untied, differences, used))
            {
                yield return finding;
            }
        }
    }

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
        foreach (var (at, k) in used.Index())
        {
            var (value, error) = (fit.Parameters[at], errors[at]);
            var half = Distribution.Normal975 * error;
            var p = Distribution.NormalTwoSided(value / error);
            var pairs = differences.Where(d => d[k] != 0).ToArray();
            var more = untied.Zip(differences).Count(z => z.Second[k] != 0 && (z.Second[k] > 0) == (z.First.FirstWins == 1));
            yield return Finding.Of(
                Presumption,
                Features[k].Name + ", log-odds of being preferred",
                new Interval(value, value - half, value + half, pairs.Length),
                p,
                p < 0.05 / used.Length,
                $"{Features[k].Name}: the answer with more of it is preferred in {more / (double)pairs.Length:P1} of {pairs.Length} pairs",
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

    private static double Copied(string prompt, string answer)
    {
        var words = Words().Matches(answer.ToLowerInvariant()).Select(m => m.Value).ToArray();
        var asked = Words().Matches(prompt.ToLowerInvariant()).Select(m => m.Value).ToHashSet(StringComparer.Ordinal);
        return words.Length == 0 ? 0 : words.Count(asked.Contains) / (double)words.Length;
    }

    [GeneratedRegex(@"^\s*([-*•]\s|\d+[.)]\s|#+\s|```)", RegexOptions.Multiline)]
    private static partial Regex Formatting();

    [GeneratedRegex(@"\bI('m| am) (sorry|unable|not able)|\bI (can(no|')t|won't|shouldn't)\b|\bas an AI\b", RegexOptions.IgnoreCase)]
    private static partial Regex Refusal();

    [GeneratedRegex(@"\p{L}{4,}")]
    private static partial Regex Words();
}
