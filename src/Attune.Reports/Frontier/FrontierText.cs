using System.Globalization;
using System.Text;
using Attune.Core.Statistics;
using Attune.Reports.Html;

namespace Attune.Reports.Frontier;

/// <summary>A board in sentences and in Markdown tables.</summary>
public static class FrontierText
{
    /// <summary>Which method leads at each divergence, and by how much.</summary>
    public static IEnumerable<string> RankingSentences(FrontierBoard board)
    {
        foreach (var ranking in board.EqualDivergence())
        {
            var (leader, next) = (ranking.Ranks[0], ranking.Ranks[1]);
            var certain = next.Behind.IsPositive;
            var alike = ranking.Ranks.Skip(1).TakeWhile(r => !r.Behind.IsPositive).Select(r => r.Method).ToArray();
            var at = $"At {Nats(ranking)}";
            yield return certain
                ? $"{at} {leader.Method} leads: gold {Figure.PlusMinus(leader.Gold)}, {Figure.PlusMinus(next.Behind)} above {next.Method}."
            : double.IsNaN(next.Behind.HalfWidth)
                ? $"{at} {leader.Method} is highest: gold {Figure.PlusMinus(leader.Gold)}, {Figure.Fixed(next.Behind.Value)} "
                    + $"above {next.Method}; "
                    + "one seed gives no interval."
            : $"{at} {leader.Method} has the highest gold, {Figure.PlusMinus(leader.Gold)}, but {string.Join(", ", alike)} cannot "
                + "be distinguished from it "
                + $"with {Figure.Count(board.Seeds.Length, "seed")} ({next.Method}: {Figure.PlusMinus(next.Behind)} behind).";
        }
    }

    /// <summary>For each method, where gold starts to fall while the proxy rises, or that it does not.</summary>
    public static IEnumerable<string> TurnSentences(FrontierBoard board) =>
        board
            .Turns()
            .Select(turn =>
                turn.Peak == turn.End
                    ? $"{turn.Method}: gold is highest at the farthest setting ({turn.End.Setting}, "
                        + $"{Figure.PlusMinus(turn.End.Kl)} nats); no turn "
                        + "within this sweep."
                : turn.IsCertain
                    ? $"{turn.Method}: gold turns down after {turn.Peak.Setting} ({Figure.PlusMinus(turn.Peak.Kl)} nats). By "
                        + $"{turn.End.Setting} "
                        + $"({Figure.PlusMinus(turn.End.Kl)} nats) it has fallen by {Figure.PlusMinus(turn.Fall)} while the proxy "
                        + $"rose by {Figure.PlusMinus(turn.Rise)}, in {turn.Seeds} of "
                        + $"{Figure.Count(turn.Fall.Units, "seed")}."
                : turn.Fall.IsPositive
                    ? $"{turn.Method}: gold falls by {Figure.PlusMinus(turn.Fall)} from {turn.Peak.Setting} to "
                        + $"{turn.End.Setting}, but the proxy "
                        + $"does not clearly rise ({Figure.PlusMinus(turn.Rise)}): an exploited proxy does not explain the fall."
                : $"{turn.Method}: gold at {turn.End.Setting} is {Figure.PlusMinus(turn.Fall)} below its best at "
                    + $"{turn.Peak.Setting}, which "
                    + $"{Figure.Count(turn.Fall.Units, "seed")} cannot distinguish from zero."
            );

    /// <summary>The divergence of a ranking, as a column's head: "0.25 nats".</summary>
    public static string Nats(FrontierRanking ranking) =>
        ranking.Kl.ToString("0.##", CultureInfo.InvariantCulture) + (ranking.Kl == 1 ? " nat" : " nats");

    public static string ToMarkdown(FrontierBoard board)
    {
        var text = new StringBuilder($"# {board.Name}\n\n");
        text.Append(
            $"{Figure.Count(board.Seeds.Length, "seed")}, {board.Cells.Length} "
                + $"cells{(board.Failures.IsEmpty ? "" : $", {board.Failures.Length} failed")}. Intervals are 95% over seeds "
                + "(Student's t).\n\n"
        );
        foreach (var remark in board.Remarks.Concat(board.Ceilings.Select(c => $"{Capital(c.Label)}: {c.Caveat}")))
        {
            text.Append(remark).Append("\n\n");
        }

        text.Append("## At equal KL\n\n");
        AppendEqual(text, board);
        text.Append("\n## Where gold turns\n\n");
        foreach (var sentence in TurnSentences(board))
        {
            text.Append("- ").Append(sentence).Append('\n');
        }

        text.Append("\n## Every setting\n\n");
        AppendSettings(text, board);
        if (!board.Failures.IsEmpty)
        {
            text.Append("\n## Failed cells\n\n");
            foreach (var failure in board.Failures)
            {
                text.Append($"- {failure.Method} {failure.Setting}, seed {failure.Seed}: {failure.Message.Split('\n')[0]}\n");
            }
        }

        return text.ToString();
    }

    private static void AppendEqual(StringBuilder text, FrontierBoard board)
    {
        var rankings = board.EqualDivergence();
        if (rankings.IsEmpty)
        {
            text.Append("No two methods reach the same divergence in at least half the seeds.\n");
            return;
        }

        text.Append("Gold along each seed's curve. A cell is empty where the method does not reach that divergence.\n\n| method |");
        text.AppendJoin("", rankings.Select(r => $" {Nats(r)} |"))
            .Append("\n|---|")
            .Insert(text.Length, "---:|", rankings.Length)
            .Append('\n');
        foreach (var method in board.Methods)
        {
            var ranks = rankings.Select(r => r.Ranks.FirstOrDefault(x => x.Method == method)).ToArray();
            if (ranks.Any(r => r is not null))
            {
                text.Append($"| {method} |")
                    .AppendJoin(
                        "",
                        ranks.Select(
                            (r, i) =>
                                r is null ? " |"
                                : ReferenceEquals(r, rankings[i].Ranks[0]) ? $" **{Figure.PlusMinus(r.Gold)}** |"
                                : $" {Figure.PlusMinus(r.Gold)} |"
                        )
                    )
                    .Append('\n');
            }
        }

        text.Append('\n');
        foreach (var sentence in RankingSentences(board))
        {
            text.Append("- ").Append(sentence).Append('\n');
        }
    }

    /// <summary>The table of every setting, the reference first; the distance to the exact optimum where some method has one.</summary>
    public static (string[] Head, string[][] Rows) SettingsTable(FrontierBoard board)
    {
        var settings = board.Settings();
        var counted = settings.Any(s => s.ToOptimum is not null);
        string[] Optimum(FrontierSetting? s) =>
            !counted ? []
            : s?.ToOptimum is { } distance ? [Fine(distance.Kl), Fine(distance.TotalVariation)]
            : ["", ""];
        string[] head = counted ? ["KL(pi, optimum)", "variation"] : [];
        return (
            ["method", "setting", "KL, nats", "gold", "proxy", .. head, "seconds"],
            [
                [
                    "reference",
                    "",
                    "0",
                    Figure.PlusMinus(StudentT.Of([.. board.References.Select(r => r.Gold)])),
                    Figure.PlusMinus(StudentT.Of([.. board.References.Select(r => r.Proxy)])),
                    .. Optimum(null),
                    "",
                ],
                .. settings.Select(s =>
                    (string[])
                        [
                            s.Method,
                            s.Setting,
                            Figure.PlusMinus(s.Kl),
                            Figure.PlusMinus(s.Gold),
                            Figure.PlusMinus(s.Proxy),
                            .. Optimum(s),
                            Figure.Brief(s.Seconds),
                        ]
                ),
            ]
        );
    }

    /// <summary>Three decimals: near an optimum two say nothing.</summary>
    private static string Fine(Interval interval) =>
        double.IsFinite(interval.HalfWidth)
            ? string.Create(CultureInfo.InvariantCulture, $"{interval.Value:0.000} ± {interval.HalfWidth:0.000}")
            : interval.Value.ToString("0.000", CultureInfo.InvariantCulture);

    private static void AppendSettings(StringBuilder text, FrontierBoard board)
    {
        var (head, rows) = SettingsTable(board);
        text.Append("| ").AppendJoin(" | ", head).Append(" |\n|---|---|").Insert(text.Length, "---:|", head.Length - 2).Append('\n');
        foreach (var row in rows)
        {
            text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
        }
    }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
