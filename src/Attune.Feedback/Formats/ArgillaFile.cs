using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>
/// A file of Argilla's records. Of its questions it takes one: the one that was asked for, else the first that names an answer (label),
/// ranks them (ranking), marks parts of the first answer (span), or gives its number (rating).
/// </summary>
internal sealed class ArgillaFile : ILabelFile
{
    private const string Format = "argilla";
    private readonly string? _question;
    private readonly OffsetUnit _offsets;

    public ArgillaFile(ImmutableArray<JsonObject> rows, string path, ImportOptions options)
    {
        _offsets = options.Offsets ?? OffsetUnit.Utf16;
        ArgillaRecord[] records = [.. rows.Select(r => new ArgillaRecord(r))];
        var questions = records.SelectMany(r => r.Responses.Questions).Distinct().ToArray();
        if (options.Question is { } asked && !questions.Contains(asked))
        {
            throw new DataException(
                $"{path}: nobody answered a question '{asked}'.{Suggestion.For(asked, questions)} Questions: "
                    + $"{string.Join(", ", questions)}."
            );
        }
        var kinds = questions.Select(q => (Question: q, Kind: KindOf(records, q))).Where(q => q.Kind is not null).ToArray();
        // The number of one answer among several rates which of them? Such a question is the last choice.
        var (question, kind) = options.Question is { } name
            ? kinds.FirstOrDefault(k => k.Question == name)
            : kinds.OrderBy(k => k.Kind == ProjectKind.Rating && records.Any(r => r.Answers.Length > 1)).FirstOrDefault();
        _question = question ?? options.Question;
        if (options.Question is not null && kind is null)
        {
            throw new DataException(
                $"{path}: the answers to '{options.Question}' cannot be held; expected a question whose answers name, rank, rate or mark "
                    + "the fields of answers."
            );
        }
        Kind = kind ?? KindOfItems(records);
        Notes = [.. Remarks(records, questions)];
    }

    public ProjectKind Kind { get; }

    public ImmutableArray<string> Notes { get; }

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context)
    {
        var record = new ArgillaRecord(row);
        var content = record.Content();
        var read = new List<(ExistingLabel Label, JsonNode? Value, int Place)>();
        var values = new ArgillaValues(record.Answers, _question ?? "", _offsets);
        foreach (var response in _question is null ? [] : record.Responses.To(_question))
        {
            if (LeftOutReason(record, response) is { } reason)
            {
                context.LeftOut.Add(reason);
                continue;
            }
            try
            {
                var judgement = values.Judge(response.Value, Kind, content.Candidates.IsEmpty ? "" : content.Candidates[0].Text);
                var source =
                    record.Id is { } id && response.User is { } user
                        ? new LabelSource($"{Format}:{id}/{_question}/{user}", IsId: true)
                        : null;
                read.Add((new ExistingLabel(response.User, judgement) { Source = source }, response.Value, response.Place));
            }
            catch (RowException problem)
            {
                context.LeftOut.Add($"\"{problem.Field}\" {problem.Message.TrimEnd('.')}");
            }
        }

        var frame = Frame(record, read.Select(r => r.Place));
        return read.Count == 0
            ? [new ReadRow(content, null)]
            : read.Select((r, i) => new ReadRow(content, r.Label with { Extras = Keep(content, r.Place, r.Value, i == 0 ? frame : null) }));
    }

    /// <summary>What is left of the record once the store holds its answers.</summary>
    private JsonObject Frame(ArgillaRecord record, IEnumerable<int> taken)
    {
        record.EmptyFields();
        foreach (var place in taken)
        {
            record.Responses.Empty(_question!, place);
        }

        return new JsonObject
        {
            ["prompt"] = record.Prompt,
            ["answers"] = new JsonArray([.. record.Answers.Select(a => JsonValue.Create(a))]),
            ["question"] = _question,
            ["row"] = record.Row.DeepClone(),
        };
    }

    /// <summary>The first label of a record keeps its frame; the others keep their place in it.</summary>
    private JsonObject Keep(ItemContent content, int place, JsonNode? value, JsonObject? frame) =>
        RowFrame.Keep(
            Format,
            new JsonObject
            {
                ["record"] = content.ExternalId,
                ["place"] = place,
                ["value"] = value?.DeepClone(),
                ["offsets"] = Kind == ProjectKind.Spans ? _offsets.ToString() : null,
                ["frame"] = frame,
            }
        );

    private string? LeftOutReason(ArgillaRecord record, ArgillaResponse response) =>
        response.Status?.ToLowerInvariant() switch
        {
            "draft" => "a draft that was never submitted",
            "discarded" => "discarded by the annotator",
            null when record.IsPending => "a response of a pending record, in a file that does not say which responses were submitted",
            null or "submitted" => response.Value is null ? $"no answer to '{_question}'" : null,
            var other => $"a response with the status {other}",
        };

    /// <summary>
    /// What most answers to a question ask; null where most cannot be held, as with texts of which some happen to name an answer.
    /// </summary>
    private ProjectKind? KindOf(ArgillaRecord[] records, string question)
    {
        var said = records
            .SelectMany(r =>
                r.Responses.To(question).Where(a => a.Value is not (null or JsonArray { Count: 0 })).Select(a => (r.Answers, a.Value))
            )
            .Select(a => new ArgillaValues(a.Answers, question, _offsets).KindOf(a.Value))
            .ToArray();
        var (kind, count) = said.OfType<ProjectKind>().CountBy(k => k).OrderByDescending(k => k.Value).FirstOrDefault();
        return 2 * count > said.Length ? kind : null;
    }

    private static ProjectKind KindOfItems(ArgillaRecord[] records) =>
        records.Select(r => r.Answers.Length).Where(n => n > 0).DefaultIfEmpty(0).Min() switch
        {
            2 => ProjectKind.Comparison,
            > 2 => ProjectKind.BestOf,
            1 => ProjectKind.Rating,
            _ => ProjectKind.Chat,
        };

    private IEnumerable<string> Remarks(ArgillaRecord[] records, string[] questions)
    {
        if (_question is not null && questions.Length > 1)
        {
            yield return $"labels are the answers to '{_question}'; not taken: {string.Join(", ", questions.Where(q => q != _question))}";
        }
        if (_question is not null && records.All(r => r.Responses.To(_question).All(a => a.Status is null)))
        {
            yield return "the file does not say which responses were submitted: drafts and discarded answers of completed records count. "
                + "Flat records and the API's have the status";
        }
    }
}
