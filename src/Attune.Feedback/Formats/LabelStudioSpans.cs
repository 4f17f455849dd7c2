using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Feedback.Formats;

/// <summary>
/// Spans of Label Studio as positions in the item's text. Text counts code points (in versions of 2021 UTF-16 units); Paragraphs count
/// UTF-16 units within a turn, and the turns are joined by line breaks here; HyperText counts code points of the rendered text.
/// </summary>
internal sealed class LabelStudioSpans(OffsetUnit unit)
{
    private static readonly ImmutableArray<string> Labels = ["labels", "hypertextlabels", "paragraphlabels"];

    /// <param name="notes">What else was said about the region, such as its severity.</param>
    public static IEnumerable<AnswerSpan> Of(LabelStudioResult result, string? notes, (int Start, int End) part) =>
        (LabelsOf(result.Value) is { Count: > 0 } types ? types.Select(t => t.AsText("labels")) : ["region"]).Select(type => new AnswerSpan(
            part.Start,
            part.End,
            type,
            notes
        ));

    public (int Start, int End) Part(JsonObject value, string text, ImmutableArray<string>? turns)
    {
        if (turns is { } dialogue)
        {
            return (Within(dialogue, value, "start", "startOffset"), Within(dialogue, value, "end", "endOffset"));
        }
        if (value["globalOffsets"] is JsonObject whole)
        {
            return TextOffsets.Part(
                text,
                Number(whole["start"], "start"),
                Number(whole["end"], "end"),
                OffsetUnit.CodePoints,
                "globalOffsets"
            );
        }
        return TextOffsets.Part(text, Number(value["start"], "start"), Number(value["end"], "end"), unit, "start");
    }

    /// <summary>What the positions of a file count: the unit under which most spans cover the text that stands beside them.</summary>
    public static OffsetUnit UnitOf(IEnumerable<(string Text, JsonObject Value)> spans)
    {
        var (points, units) = (0, 0);
        foreach (var (text, value) in spans)
        {
            // The page writes line breaks as two letters, so such a text proves nothing.
            if (
                value["text"] is not JsonValue said
                || !said.TryGetValue<string>(out var covered)
                || covered.Contains('\n')
                || covered.Contains("\\n")
            )
            {
                continue;
            }
            points += Covers(text, value, covered, OffsetUnit.CodePoints) ? 1 : 0;
            units += Covers(text, value, covered, OffsetUnit.Utf16) ? 1 : 0;
        }

        return units > points ? OffsetUnit.Utf16 : OffsetUnit.CodePoints;
    }

    /// <summary>The labels of a span; null for other values.</summary>
    public static JsonArray? LabelsOf(JsonObject value) => Labels.Select(l => value[l] as JsonArray).FirstOrDefault(l => l is not null);

    private static bool Covers(string text, JsonObject value, string covered, OffsetUnit unit)
    {
        try
        {
            var (start, end) = TextOffsets.Part(text, Number(value["start"], "start"), Number(value["end"], "end"), unit, "start");
            return CodePoints.Slice(text, start, end) == covered;
        }
        catch (RowException)
        {
            return false;
        }
    }

    private int Within(ImmutableArray<string> turns, JsonObject value, string turnField, string offsetField)
    {
        var (turn, offset) = (Number(value[turnField], turnField), Number(value[offsetField], offsetField));
        if (turn < 0 || turn >= turns.Length)
        {
            throw new RowException(turnField, $"found turn {turn}; the dialogue has {turns.Length}");
        }
        return turns[..turn].Sum(t => CodePoints.Count(t) + 1)
            + (
                TextOffsets.ToCodePoints(turns[turn], offset, unit)
                ?? throw new RowException(
                    offsetField,
                    $"found {offset}; expected a place in turn {turn}, counted in {TextOffsets.Name(unit)}"
                )
            );
    }

    private static int Number(JsonNode? node, string field) =>
        node is JsonValue value
        && value.TryGetValue<string>(out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var spelt)
            ? spelt
            : node.Whole(field);
}
