using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>
/// OpenAI's PRM800K (Lightman et al. 2023): a solution a row, each step with one or several completions, their ratings, and the one the
/// solution continued with. The store holds that path; the other completions stay in the row's frame.
/// </summary>
internal sealed class Prm800K : IExchangeFormat
{
    public string Name => "prm800k";
    public ImmutableArray<ProjectKind> Writes => [ProjectKind.Steps];

    public ProjectKind KindOf(JsonObject row) => ProjectKind.Steps;

    public bool Fits(JsonObject row) =>
        row["question"] is JsonObject question
        && question.ContainsKey("problem")
        && row["label"] is JsonObject label
        && label.ContainsKey("steps");

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context)
    {
        var (question, label) = (row.Object("question"), row.Object("label"));
        CheckFlags(row, context);
        var path = Path(label);
        if (path.Length == 0)
        {
            throw new RowException("steps", "found none; expected at least one step with a completion.");
        }
        var finish = label.Text("finish_reason");
        var judgement = new StepsJudgement([.. path.Select(Rating)], Finish(finish));
        var steps = path.Select(p => p.Taken.Text("text")).ToArray();
        var (problem, labeler) = (question.Text("problem"), row.TextOrNull("labeler"));
        var (at, active) = (Timestamp(row), TotalTime(label));
        question.Empty("problem");
        row.Empty("labeler");
        label.Empty("finish_reason");
        foreach (var (taken, isHuman) in path)
        {
            // Of the labeller's own step the frame keeps whether it had a rating.
            taken.Empty(isHuman ? ["text"] : ["text", "rating"]);
        }

        yield return new ReadRow(
            new ItemContent(new Prompt.Text(problem), [Candidate.OfSteps(steps)]),
            new ExistingLabel(labeler, judgement)
            {
                At = at,
                Active = active,
                Extras = RowFrame.Keep(Name, row),
            }
        );
    }

    /// <summary>What the data set's authors leave out, too.</summary>
    private static void CheckFlags(JsonObject row, FormatContext context)
    {
        bool Is(string field) => row[field] is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;
        if (!context.Flagged && (Is("is_quality_control_question") || Is("is_initial_screening_question")))
        {
            throw new DroppedRowException(
                Is("is_quality_control_question") ? "a quality control question" : "a question that screened labellers"
            );
        }
    }

    /// <summary>The completions that the solution continued with, up to the first step that has none.</summary>
    private static (JsonObject Taken, bool IsHuman)[] Path(JsonObject label) =>
        [
            .. label
                .List("steps")
                .Select((s, i) => TakenCompletion(s as JsonObject ?? throw new RowException($"steps[{i}]", "expected an object."), i))
                .TakeWhile(t => t is not null)
                .Select(t => t!.Value),
        ];

    /// <summary>A step that the labeller wrote is right, as the data set's authors say, and has no rating.</summary>
    private static int? Rating((JsonObject Taken, bool IsHuman) step) =>
        step.Taken["rating"] is { } rating ? rating.Whole("rating")
        : step.IsHuman ? 1
        : null;

    private static DateTimeOffset? Timestamp(JsonObject row) =>
        DateTimeOffset.TryParse(row.TextOrNull("timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var stamp)
            ? stamp
            : null;

    private static TimeSpan? TotalTime(JsonObject label) =>
        label["total_time"] is JsonValue value && value.TryGetValue<double>(out var ms) ? TimeSpan.FromMilliseconds(ms) : null;

    public IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context)
    {
        foreach (var label in labels.Where(l => l.Judgement is StepsJudgement))
        {
            var judgement = (StepsJudgement)label.Judgement!;
            var frame = RowFrame.Of(label.Extras, Name);
            var row = frame ?? Plain(label, judgement);
            row["labeler"] = label.Annotator;
            row.Object("question")["problem"] = label.Item.Prompt is Prompt.Text text
                ? text.Value
                : Conversations.Transcript(label.Item.Prompt);
            row.Object("label")["finish_reason"] = Word(judgement.Finish);
            foreach (var (i, step) in frame is null ? [] : Path(frame.Object("label")).Index())
            {
                step.Taken["text"] = label.Item.Candidates[0].Steps[i];
                if (!step.IsHuman || Rating(step) != judgement.Ratings[i])
                {
                    step.Taken["rating"] = judgement.Ratings[i];
                }
            }

            yield return row;
        }
    }

    /// <summary>
    /// The completion that the solution continued with: the chosen one, else the annotator's own, else the first; null where there is none.
    /// </summary>
    private static (JsonObject Taken, bool IsHuman)? TakenCompletion(JsonObject step, int index)
    {
        var completions = step["completions"] as JsonArray;
        if (step["chosen_completion"] is { } chosen)
        {
            var place = chosen.Whole($"steps[{index}].chosen_completion");
            return completions is not null && place >= 0 && place < completions.Count && completions[place] is JsonObject taken
                ? (taken, false)
                : throw new RowException($"steps[{index}].chosen_completion", $"found {place}; expected the index of a completion.");
        }

        return step["human_completion"] is JsonObject own ? (own, true)
            : completions is [JsonObject first, ..] ? (first, false)
            : null;
    }

    private static JsonObject Plain(OutLabel label, StepsJudgement judgement) =>
        new()
        {
            ["labeler"] = null,
            ["timestamp"] = label.At?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffff", CultureInfo.InvariantCulture),
            ["generation"] = null,
            ["is_quality_control_question"] = false,
            ["is_initial_screening_question"] = false,
            ["question"] = new JsonObject { ["problem"] = null },
            ["label"] = new JsonObject
            {
                ["steps"] = new JsonArray([.. label.Item.Candidates[0].Steps.Select((text, i) => PlainStep(text, i, judgement))]),
                ["total_time"] = label.Active is { } active ? (long)active.TotalMilliseconds : null,
                ["finish_reason"] = null,
            },
        };

    private static JsonObject PlainStep(string text, int index, StepsJudgement judgement) =>
        new()
        {
            ["completions"] = new JsonArray(
                new JsonObject
                {
                    ["text"] = text,
                    ["rating"] = judgement.Ratings[index],
                    ["flagged"] = false,
                }
            ),
            ["human_completion"] =
                judgement.Correction is { } better && index == judgement.Ratings.IndexOf(-1)
                    ? new JsonObject
                    {
                        ["text"] = better,
                        ["rating"] = null,
                        ["source"] = "human",
                        ["flagged"] = false,
                    }
                    : null,
            ["chosen_completion"] = judgement.Ratings[index] is 0 or 1 ? 0 : null,
        };

    private static FinishReason Finish(string word) =>
        Enum.GetValues<FinishReason>().Cast<FinishReason?>().FirstOrDefault(f => Word(f!.Value) == word)
        ?? throw new RowException(
            "finish_reason",
            $"found '{word}'; expected one of {string.Join(", ", Enum.GetValues<FinishReason>().Select(Word))}."
        );

    private static string Word(FinishReason reason) => StoreJson.Options.PropertyNamingPolicy!.ConvertName(reason.ToString());
}
