using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core.Feedback;
using Attune.Data.Sources;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>The values of Argilla's questions as judgements. Positions of spans count what the file's offsets count.</summary>
internal sealed record ArgillaValues(ImmutableArray<string> Answers, string Question, OffsetUnit Offsets)
{
    /// <summary>What an answer to a question asks; null for texts, classes and other answers that no project can hold.</summary>
    public ProjectKind? KindOf(JsonNode? value) =>
        value switch
        {
            JsonValue single when single.GetValueKind() == JsonValueKind.Number => ProjectKind.Rating,
            JsonValue single when single.TryGetValue<string>(out var name) => AnswerNames.IsTie(name) && Answers.Length == 2
            || AnswerNames.Place(name, Answers) >= 0
                ? Answers.Length == 2
                    ? ProjectKind.Comparison
                    : ProjectKind.BestOf
                : null,
            JsonArray { Count: > 0 } list when list.All(IsSpan) => ProjectKind.Spans,
            JsonArray { Count: > 1 } list when list.All(e => NameIn(e) is { } name && AnswerNames.Place(name, Answers) >= 0) =>
                ProjectKind.Ranking,
            JsonObject columns when columns["start"] is JsonArray { Count: > 0 } => ProjectKind.Spans,
            JsonObject columns when columns["rank"] is JsonArray { Count: > 0 } => ProjectKind.Ranking,
            _ => null,
        };

    /// <exception cref="RowException">The value is not as expected.</exception>
    public Judgement Judge(JsonNode? value, ProjectKind kind, string text) =>
        kind switch
        {
            ProjectKind.Spans => new SpansJudgement([.. Entries(value).Select(e => Span(e, text))], [], null),
            ProjectKind.Ranking => new RankingJudgement(Ranks(value)),
            ProjectKind.Rating => new RatingJudgement(
                value is JsonValue number && number.GetValueKind() == JsonValueKind.Number
                    ? number.GetValue<double>()
                    : throw Unexpected(value, "a number")
            ),
            ProjectKind.Comparison when value is JsonValue name && name.TryGetValue<string>(out var word) && AnswerNames.IsTie(word) =>
                new ComparisonJudgement(Pick.Tie),
            ProjectKind.Comparison => new ComparisonJudgement(Place(value) == 0 ? Pick.First : Pick.Second),
            _ => new ChoiceJudgement(Place(value)),
        };

    /// <summary>The value as records of Argilla 2 have it, but with ranks beside the names, so that it can hold ties.</summary>
    public JsonNode? Value(Judgement judgement, string text) =>
        judgement switch
        {
            ComparisonJudgement { Pick: Pick.First or Pick.Second } comparison => Answers[comparison.Pick == Pick.First ? 0 : 1],
            ComparisonJudgement { Pick: Pick.Tie } => "tie",
            ChoiceJudgement { Best: { } best } => Answers[best],
            RankingJudgement ranking => new JsonArray([
                .. ranking.Ranks.Select((r, i) => new JsonObject { ["value"] = Answers[i], ["rank"] = r }),
            ]),
            RatingJudgement rating => Numbers.Json(rating.Value),
            SpansJudgement spans => new JsonArray([
                .. spans.Spans.Select(s => new JsonObject
                {
                    ["label"] = s.Type,
                    ["start"] = TextOffsets.FromCodePoints(text, s.Start, Offsets),
                    ["end"] = TextOffsets.FromCodePoints(text, s.End, Offsets),
                }),
            ]),
            _ => null,
        };

    private AnswerSpan Span(JsonObject entry, string text)
    {
        var (start, end) = TextOffsets.Part(
            text,
            entry["start"].Whole($"{Question}.start"),
            entry["end"].Whole($"{Question}.end"),
            Offsets,
            Question
        );
        return new AnswerSpan(start, end, entry.Text("label"));
    }

    private ImmutableArray<int> Ranks(JsonNode? value)
    {
        var ranks = new int[Answers.Length];
        foreach (var (i, entry) in ((value as JsonArray)?.ToArray() ?? [.. Entries(value)]).Index())
        {
            var rank = (entry as JsonObject)?["rank"] is { } given ? given.Whole($"{Question}.rank") : i + 1;
            ranks[Place(NameIn(entry) is { } name ? name : entry)] = rank;
        }

        var missing = Array.IndexOf(ranks, 0);
        return missing < 0 ? [.. ranks] : throw new RowException(Question, $"does not rank {Answers[missing]}; expected each answer");
    }

    private int Place(JsonNode? value)
    {
        var name = value.AsText(Question);
        return AnswerNames.Place(name, Answers) is >= 0 and var place
            ? place
            : throw new RowException(Question, $"found '{name}'; expected one of the fields {string.Join(", ", Answers)}");
    }

    /// <summary>The objects of a list, or of an object of lists side by side, as the datasets library turns them.</summary>
    private IEnumerable<JsonObject> Entries(JsonNode? value) =>
        value switch
        {
            JsonArray list => list.Select(e => e as JsonObject ?? throw Unexpected(e, "an object")),
            JsonObject columns when columns.FirstOrDefault().Value is JsonArray first => Enumerable
                .Range(0, first.Count)
                .Select(i => new JsonObject(columns.Select(c => KeyValuePair.Create(c.Key, (c.Value as JsonArray)?[i]?.DeepClone())))),
            null => [],
            _ => throw Unexpected(value, "a list"),
        };

    private RowException Unexpected(JsonNode? value, string expected) =>
        new(Question, $"found {ValueDescription.Of(value)}; expected {expected}");

    private static bool IsSpan(JsonNode? entry) => entry is JsonObject span && span.ContainsKey("start") && span.ContainsKey("end");

    private static string? NameIn(JsonNode? entry) =>
        (entry is JsonObject named ? named["value"] : entry) is JsonValue value && value.TryGetValue<string>(out var name) ? name : null;
}
