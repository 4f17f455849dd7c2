namespace Attune.Data.Formats;

/// <summary>PRM800K and Math-Shepherd: their labelled steps, and their problems as prompts.</summary>
internal sealed class PublishedProblemRows : IRowLayout
{
    public LaidOut? Fit(ColumnSample columns)
    {
        var tree = columns.IsObject("question") && columns.IsObject("label");
        if (!tree && !(columns.IsText("input") && columns.IsText("label") && PublishedSteps.IsMarked(columns.Get("input"))))
        {
            return null;
        }

        return new LaidOut(
            tree ? "PRM800K's steps {question, label}" : "Math-Shepherd's steps {input, label}",
            [DatasetKind.Stepwise, DatasetKind.PromptOnly],
            PublishedSteps.Fields,
            (row, kind) =>
            {
                var steps = tree ? PublishedSteps.Prm800K(row) : PublishedSteps.Shepherd(row);
                return [kind == DatasetKind.PromptOnly ? steps.Prompt : steps];
            }
        );
    }
}
