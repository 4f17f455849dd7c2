using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Data.Formats;

/// <summary>
/// Texts with a class, 0 or 1, as classifiers' data sets have them: a text to learn, or a verdict in which 1 is desirable.
/// </summary>
internal sealed class LabelledTextRows : IRowLayout
{
    public LaidOut? Fit(ColumnSample columns) =>
        columns.IsText("text") && !columns.Named("completion") && IsClass(columns)
            ? new LaidOut(
                "texts with a class {text, label}, where 1 is desirable",
                [DatasetKind.LanguageModeling, DatasetKind.UnpairedPreference, DatasetKind.PromptOnly],
                ["text", "label"],
                (row, kind) =>
                    [
                        kind switch
                        {
                            DatasetKind.LanguageModeling => new Document(row.Text("text")),
                            DatasetKind.PromptOnly => new Prompt.Text(row.Text("text")),
                            _ => new Verdict(new Prompt.Text(""), row.Text("text"), IsOne(row)),
                        },
                    ]
            )
            : null;

    private static bool IsClass(ColumnSample columns) =>
        columns.IsFlag("label")
        || (columns.Get("label") is { ValueKind: JsonValueKind.Number } label && label.TryGetInt32(out var value) && value is 0 or 1);

    private static bool IsOne(RowFields row)
    {
        if (row.Get("label").ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return row.Flag("label");
        }

        var value = row.WholeNumber(row.Get("label"), "label");
        if (!row.Failed && value is not (0 or 1))
        {
            row.Drop("the class is neither 0 nor 1");
        }

        return value == 1;
    }
}
