using Attune.Reports.Frontier;
using Attune.Reports.Html;
using Spectre.Console;
using Markup = Spectre.Console.Markup;

namespace Attune.Cli.Screens;

/// <summary>A board on the terminal: tables go to standard output, the paths of the files to standard error.</summary>
internal static class FrontierTables
{
    private const int WidthInFiles = 200;

    public static void Show(FrontierBoard board, string folder)
    {
        var console = Terminal.Output(WidthInFiles);

        console.Write(Settings(board));
        var rankings = board.EqualDivergence();
        if (!rankings.IsEmpty)
        {
            console.WriteLine("Gold at equal KL:");
            console.Write(Equal(board));
        }

        foreach (var sentence in FrontierText.RankingSentences(board).Concat(FrontierText.TurnSentences(board)))
        {
            console.WriteLine(sentence);
        }

        foreach (var failure in board.Failures)
        {
            Terminal.Messages.MarkupLineInterpolated(
                $"[red]failed[/] {failure.Method} {failure.Setting}, seed {failure.Seed}: {failure.Message.Split('\n')[0]}"
            );
        }

        string In(string file) => Path.Combine(folder, file);
        Terminal.Messages.MarkupInterpolated($"Board: [bold]{In("frontier.html")}[/]   Figure: {In("frontier.svg")}   ");
        Terminal.Messages.MarkupLineInterpolated($"Tables: {In("frontier.md")}   Figures: {In("frontier.json")}");
    }

    private static Table Settings(FrontierBoard board)
    {
        var (head, rows) = FrontierText.SettingsTable(board);
        var table = Empty(head);
        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        return table;
    }

    private static Table Equal(FrontierBoard board)
    {
        var rankings = board.EqualDivergence();
        var table = Empty(["method", .. rankings.Select(FrontierText.Nats)]);
        foreach (var method in board.Methods)
        {
            var cells = rankings
                .Select(r =>
                    r.Ranks.FirstOrDefault(x => x.Method == method) is not { } rank ? ""
                    : ReferenceEquals(rank, r.Ranks[0]) ? $"[bold]{Figure.PlusMinus(rank.Gold)}[/]"
                    : Figure.PlusMinus(rank.Gold)
                )
                .ToArray();
            if (cells.Any(c => c.Length > 0))
            {
                table.AddRow([Markup.Escape(method), .. cells]);
            }
        }

        return table;
    }

    private static Table Empty(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var column in columns)
        {
            table.AddColumn(column is "method" or "setting" ? new TableColumn(column) : new TableColumn(column).RightAligned());
        }

        return table;
    }
}
