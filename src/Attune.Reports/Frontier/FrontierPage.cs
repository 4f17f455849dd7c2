using Attune.Reports.Html;
using Attune.Reports.Sections;

namespace Attune.Reports.Frontier;

/// <summary><c>frontier.html</c>: one file that links only to the reports of its cells.</summary>
internal static class FrontierPage
{
    public static string Render(FrontierBoard board, string recipe) =>
        PageTemplate.Render(
            board.Name,
            html =>
            {
                Header(html, board);
                Figures(html, board, "kl", "Reward against KL", root: false);
                Equal(html, board);
                Turns(html, board);
                Figures(html, board, "sqrt", "Reward against √KL", root: true);
                Settings(html, board);
                Failures(html, board);
                RecipeSection.Write(html, recipe);
            }
        );

    private static void Header(Markup html, FrontierBoard board)
    {
        using (html.Open("header"))
        {
            html.Element("p", "Attune frontier", ("class", "kicker"));
            html.Element("h1", board.Name);
            using (html.Open("dl", ("class", "facts")))
            {
                foreach (
                    var (name, value) in new[]
                    {
                        ("Seeds", string.Join(", ", board.Seeds)),
                        ("Methods", string.Join(", ", board.Methods)),
                        ("Measured", board.Exact ? "exactly" : "by sampling"),
                    }
                )
                {
                    using (html.Open("div"))
                    {
                        html.Element("dt", name).Element("dd", value);
                    }
                }
            }

            WriteFinished(html, board);
        }

        WriteContents(html);
    }

    private static void WriteFinished(Markup html, FrontierBoard board)
    {
        var trained = board.Cells.Count(c => c.Folder is not null);
        html.Element(
            "p",
            $"{trained} of {board.Expected} trained cells are "
                + $"finished{(board.Failures.IsEmpty ? "" : $", {board.Failures.Length} failed")}.",
            ("class", "verdict")
        );
    }

    private static void WriteContents(Markup html)
    {
        using (html.Open("nav", ("aria-label", "Contents")))
        {
            foreach (
                var (anchor, title) in new[]
                {
                    ("kl", "Reward against KL"),
                    ("equal", "At equal KL"),
                    ("turns", "Where gold turns"),
                    ("sqrt", "Against √KL"),
                    ("settings", "Every setting"),
                    ("recipe", "Recipe"),
                }
            )
            {
                html.Element("a", title, ("href", "#" + anchor));
            }
        }
    }

    private static void Figures(Markup html, FrontierBoard board, string anchor, string title, bool root)
    {
        using (html.Open("section", ("id", anchor)))
        {
            html.Element("h2", title);
            html.Element(
                "p",
                string.Join(
                    " ",
                    board.Remarks.Append(
                        "Dots are means over the seeds and bands are 95% intervals. A ring marks where gold starts to fall while "
                            + "the proxy rises."
                    )
                ),
                ("class", "lead")
            );
            using (html.Open("div", ("class", "boards")))
            {
                foreach (var plot in new[] { FrontierFigures.Gold(board, root), FrontierFigures.Proxy(board, root) })
                {
                    using (html.Open("figure", ("class", "card")))
                    {
                        FigureCaption.Write(html, plot.Title, "", "");
                        html.Verbatim(plot.ToSvg());
                    }
                }
            }

            foreach (var ceiling in board.Ceilings)
            {
                html.Element("p", $"Dashed, {ceiling.Label}: {ceiling.Caveat}", ("class", "lead"));
            }
        }
    }

    private static void Equal(Markup html, FrontierBoard board)
    {
        var rankings = board.EqualDivergence();
        using (html.Open("section", ("id", "equal")))
        {
            html.Element("h2", "At equal KL");
            html.Element(
                "p",
                "Gold at equal distance from the reference, along each seed's own curve (interpolated linearly in √KL between settings, "
                    + "never extrapolated). A star marks the highest.",
                ("class", "lead")
            );
            Table(
                html,
                ["method", .. rankings.Select(FrontierText.Nats)],
                [
                    .. board
                        .Methods.Select(method => (string[])[method, .. rankings.Select(r => Cell(r, method))])
                        .Where(row => row[1..].Any(c => c.Length > 0)),
                ]
            );
            List(html, FrontierText.RankingSentences(board));
        }
    }

    private static string Cell(FrontierRanking ranking, string method) =>
        ranking.Ranks.FirstOrDefault(r => r.Method == method) is not { } rank
            ? ""
            : (ReferenceEquals(rank, ranking.Ranks[0]) ? "\u2605 " : "") + Figure.PlusMinus(rank.Gold);

    private static void Turns(Markup html, FrontierBoard board)
    {
        using (html.Open("section", ("id", "turns")))
        {
            html.Element("h2", "Where gold turns");
            List(html, FrontierText.TurnSentences(board));
        }
    }

    private static void Settings(Markup html, FrontierBoard board)
    {
        using (html.Open("section", ("id", "settings")))
        {
            html.Element("h2", "Every setting");
            var (head, rows) = FrontierText.SettingsTable(board);
            Table(html, head, rows);
            WriteCellReports(html, board);
        }
    }

    private static void WriteCellReports(Markup html, FrontierBoard board)
    {
        using (html.Open("details"))
        {
            html.Element("summary", "The report of each cell");
            using (html.Open("ul"))
            {
                foreach (var cell in board.Cells.Where(c => c.Folder is not null))
                {
                    using (html.Open("li"))
                    {
                        html.Element(
                            "a",
                            $"{cell.Method} {cell.Setting}, seed {cell.Seed}",
                            ("href", cell.Folder!.Replace('\\', '/') + "/report.html")
                        );
                    }
                }
            }
        }
    }

    private static void Failures(Markup html, FrontierBoard board)
    {
        if (!board.Failures.IsEmpty)
        {
            using (html.Open("section", ("id", "failures")))
            {
                html.Element("h2", "Failed cells");
                List(html, board.Failures.Select(f => $"{f.Method} {f.Setting}, seed {f.Seed}: {f.Message}"));
            }
        }
    }

    private static void List(Markup html, IEnumerable<string> sentences)
    {
        using (html.Open("ul"))
        {
            foreach (var sentence in sentences)
            {
                html.Element("li", sentence);
            }
        }
    }

    private static void Table(Markup html, string[] head, string[][] rows)
    {
        using (html.Open("div", ("class", "scroll")))
        using (html.Open("table", ("class", "figures")))
        {
            foreach (var (row, tag) in rows.Select(r => (r, "td")).Prepend((head, "th")))
            {
                using (html.Open("tr"))
                {
                    foreach (var cell in row)
                    {
                        html.Element(tag, cell);
                    }
                }
            }
        }
    }
}
