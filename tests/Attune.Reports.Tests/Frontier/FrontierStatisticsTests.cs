using Attune.Reports.Frontier;
using Attune.Testing;

namespace Attune.Reports.Tests.Frontier;

public sealed class FrontierStatisticsTests
{
    private static readonly ulong[] Seeds = [1, 2, 3];

    private static FrontierCell Cell(string method, string setting, ulong seed, double kl, double gold, double proxy) =>
        new(method, setting, seed, new FrontierPoint(kl, gold, proxy));

    /// <summary>
    /// "steady" gains 1 per root of KL and never turns; "greedy" gains twice that up to 1 nat and then falls while its proxy rises.
    /// </summary>
    private static FrontierBoard Board(double noise = 0.01) =>
        new(
            "board",
            [.. Seeds],
            [.. Seeds.Select(_ => new FrontierPoint(0, 0, 0))],
            [
                .. Seeds.SelectMany(s =>
                    new[] { 1.0, 4, 9 }.Select(kl =>
                        Cell("steady", $"beta {1 / kl}", s, kl, Math.Sqrt(kl) + (noise * (s - 2.0)), Math.Sqrt(kl))
                    )
                ),
                .. Seeds.Select(s => Cell("greedy", "beta 1", s, 1, 2 + (noise * (s - 2.0)), 1)),
                .. Seeds.Select(s => Cell("greedy", "beta 0.1", s, 9, 0.5 + (2 * noise * (s - 2.0)), 6)),
            ],
            [],
            [],
            15,
            Exact: false
        );

    [Fact]
    public void The_distance_to_the_optimum_is_shown_where_a_method_has_one()
    {
        Assert.DoesNotContain("variation", FrontierText.ToMarkdown(Board()), StringComparison.Ordinal);
        var board = Board();
        var counted = board with
        {
            Cells =
            [
                .. board.Cells.Select(c =>
                    c.Method == "greedy"
                        ? c with
                        {
                            Figures = new Dictionary<string, double>
                            {
                                ["posterior_kl_after"] = 0.25,
                                ["posterior_tv_after"] = 0.1 * c.Seed,
                            },
                        }
                        : c
                ),
            ],
        };
        var (head, rows) = FrontierText.SettingsTable(counted);
        Assert.Equal(["method", "setting", "KL, nats", "gold", "proxy", "KL(pi, optimum)", "variation", "seconds"], head);
        Assert.All(rows, row => Assert.Equal(head.Length, row.Length));
        Assert.All(rows.Where(r => r[0] != "greedy"), row => Assert.Equal(["", ""], row[5..7]));
        Assert.All(rows.Where(r => r[0] == "greedy"), row => Assert.StartsWith("0.20", row[6], StringComparison.Ordinal));
        Assert.Contains("| KL(pi, optimum) | variation |", FrontierText.ToMarkdown(counted), StringComparison.Ordinal);
    }

    [Fact]
    public void Between_settings_gold_is_straight_in_the_root_of_KL_and_beyond_the_last_there_is_none()
    {
        var rankings = Board().EqualDivergence();
        var two = rankings.Single(r => r.Kl == 2);
        Assert.Equal("greedy", two.Ranks[0].Method);
        // From (1, 2) to (3, .5) in roots: at sqrt 2 it is 2 - 1.5 * .41421 / 2.
        Assert.Equal(2 - (1.5 * (Math.Sqrt(2) - 1) / 2), two.Ranks[0].Gold.Value, 1e-9);
        Assert.Equal(Math.Sqrt(2), two.Ranks[1].Gold.Value, 1e-9);
        Assert.DoesNotContain(rankings, r => r.Kl > 9);
    }

    [Fact]
    public void At_equal_KL_the_leader_changes_where_the_curves_cross()
    {
        var rankings = Board().EqualDivergence();
        Assert.Equal("greedy", rankings.Single(r => r.Kl == 1).Ranks[0].Method);
        var far = rankings.Single(r => r.Kl == 8);
        Assert.Equal("steady", far.Ranks[0].Method);
        Assert.True(far.Ranks[1].Behind.IsPositive);
        Assert.Equal(0, far.Ranks[0].Behind.Value);
    }

    [Fact]
    public void Gold_that_falls_while_the_proxy_rises_is_a_turn_and_steady_gain_is_none()
    {
        var turns = Board().Turns();
        var greedy = turns.Single(t => t.Method == "greedy");
        Assert.True(greedy.IsCertain);
        Assert.Equal(1.5, greedy.Fall.Value, 1e-9);
        Assert.Equal(3, greedy.Seeds);
        Assert.False(turns.Single(t => t.Method == "steady").IsCertain);
        Assert.Contains(
            FrontierText.TurnSentences(Board()),
            s => s.StartsWith("greedy: gold turns down after beta 1", StringComparison.Ordinal)
        );
        Assert.Contains(
            FrontierText.TurnSentences(Board()),
            s => s.StartsWith("steady: gold is highest at the farthest", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_fall_that_the_seeds_do_not_agree_on_is_not_called_a_turn()
    {
        var turn = Board(noise: 2).Turns().Single(t => t.Method == "greedy");
        Assert.False(turn.IsCertain);
        Assert.Contains(
            FrontierText.TurnSentences(Board(noise: 2)),
            s => s.Contains("cannot distinguish from zero", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Written_files_tell_the_same_and_can_be_read_back()
    {
        using var folder = new TemporaryFolder();
        FrontierReport.Write(Board(), folder.Path, "name: board");
        var read = FrontierBoard.Read(folder.File("frontier.json"));
        Assert.Equal(Board().Cells.Select(c => c.Point), read.Cells.Select(c => c.Point));
        Assert.Contains("| steady |", File.ReadAllText(folder.File("frontier.md")), StringComparison.Ordinal);
        System.Xml.Linq.XDocument.Parse(File.ReadAllText(folder.File("frontier.svg")));
        System.Xml.Linq.XDocument.Parse(File.ReadAllText(folder.File("frontier-sqrt.svg")));
        Assert.Contains("gold turns down after beta 1", File.ReadAllText(folder.File("frontier.html")), StringComparison.Ordinal);
    }
}
