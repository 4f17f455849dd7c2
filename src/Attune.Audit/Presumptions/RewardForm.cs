using Attune.Audit.Rewards;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Regression;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>
/// Presumption 5, the reward's side: what an answer's form earns beyond its content. The reward is regressed on form with gold held fixed
/// where it is known, within prompts, with errors clustered by prompt.
/// </summary>
public static class RewardForm
{
    private const int Presumption = 5;
    private const int FewestPrompts = 8;
    private const int Fewest = 20;

    public static IEnumerable<AuditFinding> Measure(IReadOnlyList<ScoredAnswer> answers)
    {
        var prompts = answers.GroupBy(a => a.Prompt, StringComparer.Ordinal).Where(g => g.Count() >= 2).Select(g => g.ToArray()).ToArray();
        // A feature counts where it differs among the answers to enough prompts.
        int[] moving =
        [
            .. Enumerable
                .Range(0, Form.Features.Length)
                .Where(k =>
                    prompts.Count(p => p.Select(a => Form.Features[k].Of(a.Prompt, a.Answer)).Distinct().Count() > 1) >= FewestPrompts
                ),
        ];
        return prompts.Sum(p => p.Length) < Fewest || moving.Length == 0
            ?
            [
                Finding.Silent(
                    Presumption,
                    "form of answers in the reward",
                    $"Fewer than {Fewest} answers with rewards, or fewer than {FewestPrompts} prompts with answers that differ in form."
                ),
            ]
            : Regression(prompts, moving);
    }

    private static IEnumerable<AuditFinding> Regression(ScoredAnswer[][] prompts, int[] moving)
    {
        ScoredAnswer[] known = [.. prompts.SelectMany(p => p)];
        var gold = known.All(a => a.Gold is not null);
        int[] clusters = [.. prompts.Index().SelectMany(p => p.Item.Select(_ => p.Index))];
        double[] Features(ScoredAnswer a)
        {
            var form = Form.Of(a.Prompt, a.Answer);
            return [.. moving.Select(k => form[k]), .. gold ? [a.Gold!.Value] : Array.Empty<double>()];
        }

        return Regression(
            Columns([.. known.Select(Features)], clusters),
            Within([.. known.Select(a => a.Reward)], clusters),
            clusters,
            moving,
            gold
        );
    }

    private static IEnumerable<AuditFinding> Regression(double[][] x, double[] y, int[] clusters, int[] moving, bool gold)
    {
        var fit = LinearRegression.Of(x, y);
        var errors = fit.ClusterErrors(clusters);
        var (prompts, deviation) = (clusters.Distinct().Count(), Math.Sqrt(Moments.Of(y).Variance));
        foreach (var (place, k) in moving.Index())
        {
            var (value, error) = (fit.Coefficients[place + 1], errors[place + 1]);
            var half = Distribution.StudentQuantile(0.975, prompts - 1) * error;
            var p = Distribution.StudentTwoSided(value / error, prompts - 1);
            yield return Finding.Of(
                Presumption,
                $"{Form.Features[k].Name}: what it earns in reward{(gold ? ", gold held fixed" : "")}",
                new Interval(value, value - half, value + half, y.Length),
                double.IsNaN(p) ? null : p,
                p < Finding.Level,
                $"{Form.Features[k].Name}: the reward pays {value:0.00} for it where its own deviation within a prompt is {deviation:0.00}",
                "debias_length, a penalty term, or pairs matched in it in the reward model's training",
                gold ? "what gold leaves out of content is taken for form" : "content may rightly go with form: gold would tell"
            );
        }

        var alone = LinearRegression.Of([.. x.Select(row => row[..moving.Length])], y);
        yield return Finding.Described(
            Presumption,
            "share of the reward's variance within prompts that form alone explains (R², adjusted)",
            new Interval(alone.AdjustedR2, double.NaN, double.NaN, y.Length),
            "form may stand for content"
        );
    }

    private static double[][] Columns(double[][] x, int[] clusters)
    {
        double[][] columns = [.. Enumerable.Range(0, x[0].Length).Select(k => Within([.. x.Select(row => row[k])], clusters))];
        return [.. x.Select((_, i) => columns.Select(c => c[i]).ToArray())];
    }

    /// <summary>Less each prompt's mean.</summary>
    private static double[] Within(double[] values, int[] clusters)
    {
        var means = values.Zip(clusters).GroupBy(z => z.Second, z => z.First).ToDictionary(g => g.Key, g => g.Average());
        return [.. values.Zip(clusters, (v, c) => v - means[c])];
    }
}
