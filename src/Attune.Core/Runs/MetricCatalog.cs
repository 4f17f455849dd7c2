using System.Collections.Immutable;
using System.Text;

namespace Attune.Core.Runs;

/// <summary>Metrics that are logged together.</summary>
public sealed record MetricGroup(string Title, ImmutableArray<MetricDefinition> Metrics);

/// <summary>
/// Every metric that a run logs. A name that <see cref="Find"/> does not know must not be logged. Where two stages log one name,
/// it means the same in both.
/// </summary>
public static partial class MetricCatalog
{
    public static ImmutableArray<MetricGroup> Groups { get; } =
    [Shared, Supervised, Reward, Preference, Policy, Evaluation, Time, StageFigures, Principles, Judge, Spans, Summary];

    public static IEnumerable<MetricDefinition> All => Groups.SelectMany(group => group.Metrics);

    private static readonly Dictionary<string, MetricDefinition> ByName = All.ToDictionary(metric => metric.Name, StringComparer.Ordinal);

    /// <summary>
    /// The definition of a metric, or null where there is none. A part in angle brackets stands for any name:
    /// <c>rewards/length/mean</c> is defined by <c>rewards/&lt;reward&gt;/mean</c>.
    /// </summary>
    public static MetricDefinition? Find(string name) =>
        ByName.TryGetValue(name, out var metric) ? metric : All.FirstOrDefault(candidate => Matches(candidate.Name, name));

    /// <summary>The text of <c>docs/metrics.md</c>.</summary>
    public static string ToMarkdown()
    {
        var text = new StringBuilder(
            """
            # Metrics

            Every figure that a run writes to `events.jsonl` and `result.json`. This page is generated from `MetricCatalog`.
            A unit of 1 is a pure number; KL divergences and log-probabilities are in nats.

            """
        );
        foreach (var group in Groups)
        {
            text.Append("\n## ").Append(group.Title).Append("\n\n| name | unit | meaning | source |\n|---|---|---|---|\n");
            foreach (var metric in group.Metrics)
            {
                text.Append("| `")
                    .Append(metric.Name)
                    .Append("` | ")
                    .Append(metric.Unit)
                    .Append(" | ")
                    .Append(Cell(metric.Meaning))
                    .Append(" | ")
                    .Append(Cell(metric.Source))
                    .Append(" |\n");
            }
        }

        return text.ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    private static bool Matches(string pattern, string name)
    {
        var expected = pattern.Split('/');
        var parts = name.Split('/');
        return pattern.Contains('<', StringComparison.Ordinal)
            && expected.Length == parts.Length
            && expected.Zip(parts).All(pair => pair.First == pair.Second || (pair.First[0] == '<' && pair.Second.Length > 0));
    }
}
