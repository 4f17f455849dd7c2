using Attune.Core.Files;

namespace Attune.Reports.Frontier;

/// <summary>
/// The files of a board: <c>frontier.json</c>, <c>frontier.md</c>, <c>frontier.svg</c>, <c>frontier-sqrt.svg</c> and <c>frontier.html</c>.
/// </summary>
public static class FrontierReport
{
    /// <param name="recipe">The recipe as it ran.</param>
    public static void Write(FrontierBoard board, string folder, string recipe)
    {
        board.Save(Path.Combine(folder, "frontier.json"));
        if (board.Cells.IsEmpty)
        {
            return;
        }

        AtomicFile.WriteText(Path.Combine(folder, "frontier.md"), FrontierText.ToMarkdown(board));
        AtomicFile.WriteText(Path.Combine(folder, "frontier.svg"), FrontierFigures.Sheet(board, root: false).ToSvg());
        AtomicFile.WriteText(Path.Combine(folder, "frontier-sqrt.svg"), FrontierFigures.Sheet(board, root: true).ToSvg());
        AtomicFile.WriteText(Path.Combine(folder, "frontier.html"), FrontierPage.Render(board, recipe));
    }
}
