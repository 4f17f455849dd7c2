using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using static Attune.Data.Formats.JsonPart;

namespace Attune.Data.Formats;

/// <summary>
/// An answer with marked spans: <c>{prompt, answer, spans}</c>, or a row of QA-Feedback (Wu et al. 2023, arXiv:2306.01693), whose marks are
/// those of the first prediction. Places are code points.
/// </summary>
internal sealed class SpanRows : IRowFormat<SpanLabels>
{
    private const string Prediction = "prediction 1";
    private const string Feedback = "feedback";

    public DatasetKind Kind => DatasetKind.Spans;

    /// <summary>The fields of QA-Feedback.</summary>
    public static ImmutableArray<string> PublishedFields { get; } =
    ["question", "passages", "gold", Prediction, "prediction 2", "prediction 3", "prediction 4", Feedback, "preference"];

    /// <summary>Whether a row is one of QA-Feedback.</summary>
    public static bool IsPublished(JsonElement row) => row.TryGetProperty(Prediction, out _) && row.TryGetProperty(Feedback, out _);

    public SpanLabels Read(RowFields row)
    {
        if (row.Has(Feedback))
        {
            return Published(row);
        }

        var prompt = PromptField.Read(row);
        var answer = row.Text("answer");
        var length = CodePoints.Count(answer);
        return new SpanLabels(prompt, answer, [.. row.List("spans").Select((s, i) => Span(row, s, $"spans[{i}]", "type", length))])
        {
            Missing = row.Has("missing") ? [.. row.List("missing").Select((m, i) => Missing(row, m, i))] : [],
            Passages = row.Has("passages") ? [.. row.List("passages").Select((p, i) => Passage(row, p, $"passages[{i}]"))] : [],
            Corrected = row.TextOrNull("corrected"),
            Annotator = row.TextOrNull("annotator"),
        };
    }

    public void Write(Utf8JsonWriter json, SpanLabels item)
    {
        PromptField.Write(json, item.Prompt);
        json.WriteString("answer", item.Answer);
        json.WriteStartArray("spans");
        foreach (var span in item.Spans)
        {
            json.WriteStartObject();
            json.WriteNumber("start", span.Start);
            json.WriteNumber("end", span.End);
            json.WriteString("type", span.Type);
            if (span.Note is { } note)
            {
                json.WriteString("note", note);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (!item.Missing.IsEmpty)
        {
            WriteMissing(json, item.Missing);
        }

        if (!item.Passages.IsEmpty)
        {
            json.WritePropertyName("passages");
            JsonSerializer.Serialize(json, item.Passages);
        }

        if (item.Corrected is { } corrected)
        {
            json.WriteString("corrected", corrected);
        }
    }

    private static void WriteMissing(Utf8JsonWriter json, ImmutableArray<MissingInformation> all)
    {
        json.WriteStartArray("missing");
        foreach (var missing in all)
        {
            json.WriteStartObject();
            json.WriteString("type", missing.Type);
            if (missing.Passage is { } passage)
            {
                json.WriteNumber("passage", passage);
                json.WritePropertyName("sentences");
                JsonSerializer.Serialize(json, missing.Sentences);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>The question as the prompt, without the passages that the annotators saw.</summary>
    public static SpanLabels Published(RowFields row)
    {
        var answer = row.Text(Prediction);
        var length = CodePoints.Count(answer);
        var (errors, missing) = (Get(row.Get(Feedback), "errors"), Get(row.Get(Feedback), "missing-info"));
        if (errors.ValueKind != JsonValueKind.Array || missing.ValueKind != JsonValueKind.Array)
        {
            row.Fail(Feedback, "expected {\"errors\": [...], \"missing-info\": [...]}, as QA-Feedback has it.");
            return new SpanLabels(new Prompt.Text(""), answer, []);
        }

        return new SpanLabels(
            PromptOf(row.Text("question")),
            answer,
            [.. errors.EnumerateArray().Select((e, i) => Span(row, e, $"feedback.errors[{i}]", "error type", length))]
        )
        {
            Missing =
            [
                .. missing
                    .EnumerateArray()
                    .Select(
                        (m, i) => new MissingInformation(row.Text(Get(m, "error type"), $"feedback.missing-info[{i}].error type"), null, [])
                    ),
            ],
        };
    }

    /// <summary>As the paper's model reads a question.</summary>
    public static Prompt PromptOf(string question) => new Prompt.Text($"question: {question}\nanswer: ");

    private static AnswerSpan Span(RowFields row, JsonElement value, string field, string type, int length)
    {
        var (start, end) = (row.WholeNumber(Get(value, "start"), field + ".start"), row.WholeNumber(Get(value, "end"), field + ".end"));
        if (start < 0 || end < start || end > length)
        {
            row.Fail(field, $"found {start} to {end}; expected places within the answer's {length} code points.");
        }

        var note = Get(value, "note");
        return new AnswerSpan(
            start,
            end,
            row.Text(Get(value, type), $"{field}.{type}"),
            note.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? null : row.Text(note, field + ".note")
        );
    }

    private static MissingInformation Missing(RowFields row, JsonElement value, int index)
    {
        var (passage, sentences) = (Get(value, "passage"), Get(value, "sentences"));
        return new(
            row.Text(Get(value, "type"), $"missing[{index}].type"),
            passage.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null
                ? null
                : row.WholeNumber(passage, $"missing[{index}].passage"),
            sentences.ValueKind == JsonValueKind.Array
                ? [.. sentences.EnumerateArray().Select((s, i) => row.WholeNumber(s, $"missing[{index}].sentences[{i}]"))]
                : []
        );
    }

    private static ImmutableArray<string> Passage(RowFields row, JsonElement value, string field)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            return [.. value.EnumerateArray().Select((sentence, i) => row.Text(sentence, $"{field}[{i}]"))];
        }

        row.Fail(field, "expected a passage as a list of its sentences.");
        return [];
    }
}
