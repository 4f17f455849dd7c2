using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>One record, in any of its forms.</summary>
internal sealed class ArgillaRecord
{
    public ArgillaRecord(JsonObject row)
    {
        Row = row;
        Fields = row["fields"] as JsonObject ?? row;
        Responses = ArgillaResponses.Of(row);
        Answers = AnswerNames.Of(Fields);
        Prompt = AnswerNames.Prompt(Fields, Answers);
    }

    public JsonObject Row { get; }
    public JsonObject Fields { get; }
    public ArgillaResponses Responses { get; }
    public ImmutableArray<string> Answers { get; }
    public string? Prompt { get; }

    public string? Id => Name("external_id") ?? Name("id");

    public bool IsPending => Name("status") == "pending";

    public ItemContent Content() =>
        new(
            Prompt is null ? new Prompt.Text("") : Conversations.Prompt(Fields[Prompt], Prompt),
            [.. Answers.Select(a => new Candidate(Fields.Text(a)))]
        )
        {
            ExternalId = Id,
        };

    /// <summary>Empties the fields that the store holds.</summary>
    public void EmptyFields() => Fields.Empty([.. Answers, .. Prompt is null ? [] : new[] { Prompt }]);

    private string? Name(string field) =>
        Row[field] is JsonValue value
            ? value.TryGetValue<string>(out var text)
                ? text
                : value.ToJsonString()
            : null;
}
