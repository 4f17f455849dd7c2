using Attune.Core.Runs;
using Attune.Reports.Html;

namespace Attune.Reports.Sections;

/// <summary>The snapshots that a stage was trained on, with links, numbers of labels and annotators.</summary>
internal static class SnapshotLines
{
    /// <summary>Further annotators are only counted; the snapshot's manifest names all.</summary>
    private const int MostNamed = 12;

    /// <param name="link">The address of a snapshot from where the page is shown.</param>
    public static void Write(Markup html, StageResult result, Func<LearnedSnapshot, string> link)
    {
        if (result.Snapshots is not { IsDefaultOrEmpty: false } snapshots)
        {
            return;
        }

        using (html.Open("ul", ("class", "labels")))
        {
            foreach (var snapshot in snapshots)
            {
                using (html.Open("li"))
                {
                    html.Text($"Labels of project '{snapshot.Project}', ");
                    html.Element("a", "snapshot " + snapshot.Sha256[..Math.Min(12, snapshot.Sha256.Length)], ("href", link(snapshot)));
                    html.Text($": {Figure.Count(snapshot.Labels, "label")} of {People(snapshot.Annotators.Length)}{Names(snapshot)}.");
                }
            }
        }
    }

    private static string People(int count) =>
        count == 1 ? "one person" : Figure.Count(count, "person").Replace("persons", "people", StringComparison.Ordinal);

    private static string Names(LearnedSnapshot snapshot)
    {
        if (snapshot.Annotators.IsEmpty)
        {
            return "";
        }
        var named = snapshot
            .Annotators.OrderByDescending(a => a.Labels)
            .Take(MostNamed)
            .Select(a => $"{a.Name} ({Figure.Count(a.Labels, "label")})");
        var rest = snapshot.Annotators.Length - MostNamed;
        return ": " + string.Join(", ", named) + (rest > 0 ? $" and {rest} more" : "");
    }
}
