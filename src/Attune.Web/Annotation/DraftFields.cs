using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Attune.Feedback.Labels;

namespace Attune.Web.Annotation;

/// <summary>The initial content of a page's form: a draft as the page sent it, or a judgement that was undone.</summary>
public static class DraftFields
{
    /// <summary>JSON for the page's script; empty if there is no draft.</summary>
    /// <param name="missingTypes">Of the project, in the order of the form's rows.</param>
    public static string Of(JsonElement? draft, ImmutableArray<string> missingTypes)
    {
        if (draft is not { ValueKind: JsonValueKind.Object } json)
        {
            return "";
        }
        if (json.TryGetProperty("fields", out _))
        {
            return json.GetRawText();
        }
        try
        {
            return json.Deserialize<Judgement>(StoreJson.Options) is { } judgement
                ? JsonSerializer.Serialize(
                    new
                    {
                        fields = Fields(judgement, missingTypes).Where(f => f.Value is not null).Select(f => new[] { f.Name, f.Value }),
                        at = 0,
                    }
                )
                : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    /// <summary>One value of a draft, such as the choice in an earlier turn of a chat.</summary>
    public static IEnumerable<(string Name, string Value)> Read(string draft)
    {
        if (draft.Length == 0)
        {
            yield break;
        }
        using var json = JsonDocument.Parse(draft);
        if (!json.RootElement.TryGetProperty("fields", out var fields) || fields.ValueKind != JsonValueKind.Array)
        {
            yield break;
        }
        foreach (var field in fields.EnumerateArray().Where(f => f.ValueKind == JsonValueKind.Array && f.GetArrayLength() == 2))
        {
            if (field[0].ValueKind == JsonValueKind.String && field[1].ValueKind == JsonValueKind.String)
            {
                yield return (field[0].GetString()!, field[1].GetString()!);
            }
        }
    }

    private static IEnumerable<(string Name, string? Value)> Fields(Judgement judgement, ImmutableArray<string> missingTypes) =>
        judgement switch
        {
            ComparisonJudgement comparison => [("strength", comparison.Pick == Pick.Tie ? JudgementForm.Tie : Text(comparison.Strength))],
            RankingJudgement ranking => ranking.Ranks.Select((rank, i) => ($"rank.{i}", Text(rank))),
            ChoiceJudgement choice => [("best", choice.Best is { } best ? Text(best) : "none")],
            StepsJudgement steps =>
            [
                .. steps.Ratings.Select((rating, i) => ($"step.{i}", Text(rating))),
                ("finish", Finish(steps.Finish)),
                ("correction", steps.Correction),
            ],
            SpansJudgement spans => Spans(spans, missingTypes),
            RatingJudgement rating => [("value", rating.Value.ToString(CultureInfo.InvariantCulture)), ("reason", rating.Reason)],
            ChatJudgement chat =>
            [
                .. chat.Turns.SelectMany(t =>
                    ImmutableArray.Create(($"strength.{t.Turn}", Text(t.Strength)), ($"comment.{t.Turn}", t.Comment))
                ),
                ("overall", Text(chat.Overall)),
            ],
            _ => Enumerable.Empty<(string, string?)>(),
        }
            is var fields
            ? fields.Append(("comment", judgement.Comment))
            : [];

    private static IEnumerable<(string Name, string? Value)> Spans(SpansJudgement spans, ImmutableArray<string> missingTypes)
    {
        yield return ("spans", JsonSerializer.Serialize(spans.Spans.IsDefault ? [] : spans.Spans, StoreJson.Options));
        yield return ("corrected", spans.Corrected);
        foreach (var missing in spans.Missing.IsDefault ? [] : spans.Missing)
        {
            var index = missingTypes.IndexOf(missing.Type);
            yield return ($"missing.{index}", missing.Type);
            yield return ($"missing.{index}.passage", Text(missing.Passage));
            yield return ($"missing.{index}.sentences", string.Join(", ", missing.Sentences));
        }
    }

    private static string Finish(FinishReason finish) =>
        finish switch
        {
            FinishReason.Solution => "solution",
            FinishReason.FoundError => "found_error",
            FinishReason.BadProblem => "bad_problem",
            _ => "give_up",
        };

    private static string? Text(int? number) => number?.ToString(CultureInfo.InvariantCulture);
}
