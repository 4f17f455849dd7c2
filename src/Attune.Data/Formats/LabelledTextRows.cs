using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Data.Formats;

/// <summary>
/// Texts with a class, 0 or 1, as classifiers' data sets have them: a text to learn, or a verdict. Where the file names its classes, the
/// names say which of the two is desirable, and where they do not say it, the rows are no verdicts; without names it is 1.
/// </summary>
internal sealed class LabelledTextRows : IRowLayout
{
    private static readonly FrozenSet<string> Desirable = FrozenSet.ToFrozenSet(
        [
            "accepted",
            "chosen",
            "correct",
            "desirable",
            "good",
            "harmless",
            "helpful",
            "like",
            "pos",
            "positive",
            "right",
            "safe",
            "true",
            "yes",
        ],
        StringComparer.OrdinalIgnoreCase
    );

    private static readonly FrozenSet<string> Undesirable = FrozenSet.ToFrozenSet(
        [
            "bad",
            "dislike",
            "false",
            "harmful",
            "incorrect",
            "neg",
            "negative",
            "no",
            "rejected",
            "toxic",
            "undesirable",
            "unhelpful",
            "unsafe",
            "wrong",
        ],
        StringComparer.OrdinalIgnoreCase
    );

    public LaidOut? Fit(ColumnSample columns)
    {
        if (!columns.IsText("text") || columns.Named("completion") || !IsClass(columns))
        {
            return null;
        }

        var names = columns.Classes("label");
        var desirable = names.IsDefault ? 1 : DesirableOf(names);
        return new LaidOut(
            Describe(names, desirable),
            desirable is null
                ? [DatasetKind.LanguageModeling, DatasetKind.PromptOnly]
                : [DatasetKind.LanguageModeling, DatasetKind.UnpairedPreference, DatasetKind.PromptOnly],
            ["text", "label"],
            (row, kind) =>
                [
                    kind switch
                    {
                        DatasetKind.LanguageModeling => new Document(row.Text("text")),
                        DatasetKind.PromptOnly => new Prompt.Text(row.Text("text")),
                        _ => new Verdict(new Prompt.Text(""), row.Text("text"), ClassOf(row) == desirable),
                    },
                ]
        );
    }

    /// <summary>The class that the names call desirable; null where they do not tell.</summary>
    private static int? DesirableOf(ImmutableArray<string> names) =>
        names is not [var zero, var one] ? null
        : IsGood(one) && !IsGood(zero) ? 1
        : IsGood(zero) && !IsGood(one) ? 0
        : Undesirable.Contains(zero) && !Undesirable.Contains(one) ? 1
        : Undesirable.Contains(one) && !Undesirable.Contains(zero) ? 0
        : null;

    private static bool IsGood(string name) => Desirable.Contains(name);

    private static string Describe(ImmutableArray<string> names, int? desirable) =>
        names.IsDefault ? "texts with a class {text, label}, where 1 is desirable"
        : desirable is { } which ? $"texts with a class {{text, label}}, where {which} ({names[which]}) is desirable"
        : $"texts with a class {{text, label}} of {string.Join(", ", names.Take(10))}, which do not say what is desirable";

    private static bool IsClass(ColumnSample columns) =>
        columns.IsFlag("label")
        || (
            columns.Get("label") is { ValueKind: JsonValueKind.Number } label
            && label.TryGetInt32(out var value)
            && (value is 0 or 1 || !columns.Classes("label").IsDefault)
        );

    private static int ClassOf(RowFields row)
    {
        if (row.Get("label").ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return row.Flag("label") ? 1 : 0;
        }

        var value = row.WholeNumber(row.Get("label"), "label");
        if (!row.Failed && value is not (0 or 1))
        {
            row.Drop("the class is neither 0 nor 1");
        }

        return value;
    }
}
