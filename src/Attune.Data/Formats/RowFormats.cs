using System.Collections.Immutable;
using Attune.Data.Sources;

namespace Attune.Data.Formats;

/// <summary>The formats of data files, and the fields of each kind of row.</summary>
public static class RowFormats
{
    private static readonly ImmutableArray<object> All =
    [
        new DocumentRows(),
        new PromptRows(),
        new DemonstrationRows(),
        PreferenceRows.Instance,
        new VerdictRows(),
        new RatingRows(),
        new StepRows(),
        new SpanRows(),
        new ChoiceRows(),
        new RankingRows(),
    ];

    /// <exception cref="ArgumentException">No format holds such records.</exception>
    public static IRowFormat<T> For<T>() =>
        All.OfType<IRowFormat<T>>().FirstOrDefault()
        ?? throw new ArgumentException(
            $"no data format holds {typeof(T).Name}; there are formats for Document, Prompt, Demonstration, Preference, "
                + "Verdict, Rating, StepLabels, SpanLabels, Choice and Ranking."
        );

    /// <summary>The fields that a kind of row may have.</summary>
    public static ImmutableArray<string> Fields(DatasetKind kind) =>
        kind switch
        {
            DatasetKind.LanguageModeling => ["text", "messages", ToolFields.Tools, "annotator", CutField.Name],
            DatasetKind.PromptOnly => ["prompt", PromptRows.Question],
            DatasetKind.PromptCompletion => ["prompt", "completion", ToolFields.Tools, "annotator", CutField.Name],
            DatasetKind.Preference =>
            [
                "prompt",
                "chosen",
                "rejected",
                "margin",
                "probability",
                "annotator",
                AuthorField.Name,
                "reference",
                CutField.Name,
            ],
            DatasetKind.UnpairedPreference => ["prompt", "completion", "label", "annotator", CutField.Name],
            DatasetKind.Rating => ["prompt", "completion", "rating", "worst", "best", "annotator", CutField.Name],
            DatasetKind.Stepwise => ["prompt", "completions", "labels", "outcome", "annotator", .. PublishedSteps.Fields],
            DatasetKind.Spans =>
            [
                "prompt",
                "answer",
                "spans",
                "missing",
                "passages",
                "corrected",
                "annotator",
                .. SpanRows.PublishedFields,
            ],
            DatasetKind.Choice => ["prompt", "answers", "best", "annotator", CutField.Name],
            DatasetKind.Ranking => ["prompt", "answers", "ranks", "annotator", CutField.Name],
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    /// <summary>The kind and its fields, for messages.</summary>
    public static string Describe(DatasetKind kind) =>
        kind switch
        {
            DatasetKind.LanguageModeling => "language modelling rows {text} or {messages}",
            DatasetKind.PromptOnly => "prompt-only rows {prompt} or {question}",
            DatasetKind.PromptCompletion => "prompt-completion rows {prompt, completion}",
            DatasetKind.Preference => "preference rows {prompt, chosen, rejected}",
            DatasetKind.UnpairedPreference => "unpaired preference rows {prompt, completion, label}",
            DatasetKind.Rating => "rating rows {prompt, completion, rating}",
            DatasetKind.Stepwise => "stepwise rows {prompt, completions, labels}",
            DatasetKind.Spans => "rows of marked spans {prompt, answer, spans}",
            DatasetKind.Choice => "choice rows {prompt, answers, best}",
            DatasetKind.Ranking => "ranking rows {prompt, answers, ranks}",
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    /// <summary>The kind of a row, by its fields; null where they fit none.</summary>
    public static DatasetKind? Detect(JsonRow row)
    {
        bool Has(string field) => row.Fields.TryGetProperty(field, out _);
        return Has("chosen") || Has("rejected") ? DatasetKind.Preference
            : Has("completions") || PublishedSteps.Has(row.Fields) ? DatasetKind.Stepwise
            : Has("spans") || SpanRows.IsPublished(row.Fields) ? DatasetKind.Spans
            : Has("completion") && Has("label") ? DatasetKind.UnpairedPreference
            : Has("completion") && Has("rating") ? DatasetKind.Rating
            : Has("completion") ? DatasetKind.PromptCompletion
            : Has("answers") && Has("ranks") ? DatasetKind.Ranking
            : Has("answers") ? DatasetKind.Choice
            : Has("text") || Has("messages") ? DatasetKind.LanguageModeling
            : Has("prompt") || Has(PromptRows.Question) ? DatasetKind.PromptOnly
            : null;
    }
}
