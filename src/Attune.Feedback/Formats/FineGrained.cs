using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>
/// Fine-grained RLHF's questions and answers (Wu et al. 2023): errors marked in the first of four predictions (positions are code points),
/// what it lacks, and a corrected text; "annotator" beside the format's own fields. The six comparisons of the predictions stay in the
/// row's frame.
/// </summary>
internal sealed class FineGrained : IExchangeFormat
{
    public string Name => "fine-grained";
    public ImmutableArray<ProjectKind> Writes => [ProjectKind.Spans];

    public ProjectKind KindOf(JsonObject row) => ProjectKind.Spans;

    public bool Fits(JsonObject row) => row.ContainsKey("prediction 1") && row["feedback"] is JsonObject;

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context)
    {
        var feedback = row.Object("feedback");
        var predictions = Enumerable.Range(1, 9).Select(i => $"prediction {i}").TakeWhile(row.ContainsKey).ToArray();
        ImmutableArray<AnswerSpan> spans = [.. feedback.List("errors").Select((e, i) => Span(e!.AsObject(), $"errors[{i}]"))];
        ImmutableArray<MissingInformation> missing =
        [
            .. feedback.List("missing-info").Select((m, i) => Missing(m!.AsObject(), $"missing-info[{i}]")),
        ];
        var content = new ItemContent(new Prompt.Text(row.Text("question")), [.. predictions.Select(p => new Candidate(row.Text(p)))])
        {
            Passages = row["passages"] is JsonArray passages
                ? [.. passages.Select((p, i) => ((JsonArray)p!).Select(s => s.AsText($"passages[{i}]")).ToImmutableArray())]
                : [],
        };
        var judgement = new SpansJudgement(spans, missing, feedback.TextOrNull("corrected-prediction"));
        var annotator = row.TextOrNull("annotator");
        row.Empty(["question", "passages", "annotator", .. predictions]);
        feedback.Empty("errors", "missing-info", "corrected-prediction");
        yield return new ReadRow(content, new ExistingLabel(annotator, judgement) { Extras = RowFrame.Keep(Name, row) });
    }

    public IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context)
    {
        foreach (var label in labels.Where(l => l.Judgement is SpansJudgement))
        {
            var judgement = (SpansJudgement)label.Judgement!;
            var row = RowFrame.Of(label.Extras, Name) ?? new JsonObject { ["question"] = null, ["passages"] = null };
            row["question"] = Conversations.Transcript(label.Item.Prompt);
            row["passages"] = new JsonArray([.. label.Item.Passages.Select(p => new JsonArray([.. p.Select(s => JsonValue.Create(s))]))]);
            foreach (var (i, candidate) in label.Item.Candidates.Index())
            {
                row[$"prediction {i + 1}"] = candidate.Text;
            }

            var feedback = row["feedback"] as JsonObject ?? [];
            row["feedback"] ??= feedback;
            feedback["errors"] = new JsonArray([
                .. judgement.Spans.Select(s => new JsonObject
                {
                    ["error type"] = s.Type,
                    ["explanation"] = s.Note ?? "",
                    ["start"] = s.Start,
                    ["end"] = s.End,
                }),
            ]);
            feedback["missing-info"] = new JsonArray([
                .. judgement.Missing.Select(m => new JsonObject
                {
                    ["error type"] = m.Type,
                    ["passage_id"] = m.Passage,
                    ["sentence_id"] = new JsonArray([.. m.Sentences.Select(n => JsonValue.Create(n))]),
                }),
            ]);
            feedback["corrected-prediction"] = judgement.Corrected;
            if (label.Annotator is not null)
            {
                row["annotator"] = label.Annotator;
            }
            yield return row;
        }
    }

    private static AnswerSpan Span(JsonObject error, string field)
    {
        var note = error.TextOrNull("explanation");
        return new AnswerSpan(
            error["start"].Whole($"{field}.start"),
            error["end"].Whole($"{field}.end"),
            error.Text("error type"),
            string.IsNullOrEmpty(note) ? null : note
        );
    }

    private static MissingInformation Missing(JsonObject missing, string field) =>
        new(
            missing.Text("error type"),
            missing["passage_id"]?.Whole($"{field}.passage_id"),
            missing["sentence_id"] is JsonArray list ? [.. list.Select(s => s.Whole($"{field}.sentence_id"))] : []
        );
}
