using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Sources;
using static Attune.Data.Formats.JsonPart;

namespace Attune.Data.Formats;

/// <summary>
/// Labelled steps as they were published: OpenAI's PRM800K (Lightman et al. 2023, arXiv:2305.20050) and Math-Shepherd (Wang et al. 2023,
/// arXiv:2312.08935). Prompts get a line end, so that a solution does not begin on the problem's line.
/// </summary>
internal static class PublishedSteps
{
    private const string AnswerHeading = "# Answer";
    private const string ShepherdMark = "\u043a\u0438";

    /// <summary>The fields of both.</summary>
    public static ImmutableArray<string> Fields { get; } =
    ["question", "label", "labeler", "generation", "is_quality_control_question", "is_initial_screening_question", "input"];

    /// <summary>Whether a row is one of them.</summary>
    public static bool Has(JsonElement row) =>
        row.TryGetProperty("label", out _)
        && (row.TryGetProperty("input", out _) || Get(row, "question").ValueKind == JsonValueKind.Object);

    /// <summary>Whether a text has Math-Shepherd's mark after its steps.</summary>
    public static bool IsMarked(JsonElement text) =>
        text.ValueKind == JsonValueKind.String && text.GetString()!.Contains(ShepherdMark, StringComparison.Ordinal);

    /// <summary>
    /// Both phases: the completions that the solution went on with, up to the first wrong one. A step that the labeller wrote is right.
    /// </summary>
    public static StepLabels Prm800K(RowFields row)
    {
        var (question, label) = (Part(row, "question"), Part(row, "label"));
        var problem = row.Text(Get(question, "problem"), "question.problem");
        var finish = row.Text(Get(label, "finish_reason"), "label.finish_reason");
        var reason =
            Is(row, "is_quality_control_question") ? "a quality control question"
            : Is(row, "is_initial_screening_question") ? "a question that screened labellers"
            : finish is "give_up" or "bad_problem" ? $"the labeller finished with {finish}"
            : null;
        if (reason is not null)
        {
            row.Drop(reason);
        }

        var steps = ImmutableArray.CreateBuilder<ReasoningStep>();
        foreach (var (i, step) in List(row, label, "label.steps", "steps").Index())
        {
            if (Taken(row, step, $"label.steps[{i}]") is not { } taken)
            {
                break;
            }

            steps.Add(taken);
            if (taken.Label < 0)
            {
                break;
            }
        }

        if (steps.Count == 0 && !row.Failed && reason is null)
        {
            row.Drop("no step has a rating");
        }

        return new StepLabels(new Prompt.Text(problem + "\n"), steps.ToImmutable())
        {
            Annotator = row.TextOrNull("labeler"),
            Outcome = steps.Count > 0 ? Outcome(question, steps[^1]) : null,
        };
    }

    /// <summary>
    /// The input has a mark after each step; the label has + (some solution that goes on from there is right) or - in its place.
    /// </summary>
    public static StepLabels Shepherd(RowFields row)
    {
        var (input, label) = (row.Text("input"), row.Text("label"));
        var pieces = input.Split(ShepherdMark);
        var (steps, at) = (ImmutableArray.CreateBuilder<ReasoningStep>(), 0);
        foreach (var (i, piece) in pieces[..^1].Index())
        {
            var place = at + piece.Length;
            var sign = place < label.Length && string.CompareOrdinal(label, at, piece, 0, piece.Length) == 0 ? label[place] : ' ';
            if (sign is not ('+' or '-'))
            {
                row.Fail("label", $"step {i + 1} has no + or - where the input has its mark; expected the text of the input.");
                break;
            }

            steps.Add(new ReasoningStep(piece.Trim(), sign == '+' ? 1 : -1));
            at = place + 1;
        }

        if (!row.Failed && steps.Count == 0)
        {
            row.Fail("input", $"found no step; expected the mark '{ShepherdMark}' after each.");
        }

        if (row.Failed)
        {
            return new StepLabels(new Prompt.Text(""), []);
        }

        var first = steps[0].Text;
        var begin = first.LastIndexOf("Step 1:", StringComparison.Ordinal);
        steps[0] = steps[0] with { Text = begin < 0 ? first : first[begin..] };
        return new StepLabels(new Prompt.Text((begin < 0 ? "" : first[..begin].TrimEnd()) + "\n"), steps.ToImmutable())
        {
            Outcome = steps[^1].Label > 0,
        };
    }

    /// <summary>The chosen completion; else the labeller's own, which is right; else the first, which was rated wrong.</summary>
    private static ReasoningStep? Taken(RowFields row, JsonElement step, string field)
    {
        if (step.ValueKind != JsonValueKind.Object)
        {
            row.Fail(field, $"found {ValueDescription.Of(step)}; expected a step with completions.");
            return null;
        }

        var completions = Get(step, "completions") is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().ToArray() : [];
        if (Get(step, "chosen_completion") is { ValueKind: JsonValueKind.Number } chosen)
        {
            var index = row.WholeNumber(chosen, field + ".chosen_completion");
            if (index < 0 || index >= completions.Length)
            {
                row.Fail(field + ".chosen_completion", $"found {index}; expected the index of one of {completions.Length} completions.");
                return null;
            }

            return Rated(row, completions[index], $"{field}.completions[{index}]");
        }

        return Get(step, "human_completion") is { ValueKind: JsonValueKind.Object } human
                ? new ReasoningStep(row.Text(Get(human, "text"), field + ".human_completion.text"), 1)
            : completions.Length > 0 ? Rated(row, completions[0], field + ".completions[0]")
            : null;
    }

    private static ReasoningStep? Rated(RowFields row, JsonElement completion, string field)
    {
        if (Get(completion, "rating") is not { ValueKind: not JsonValueKind.Null } rating)
        {
            return null;
        }

        var value = row.WholeNumber(rating, field + ".rating");
        if (!row.Failed && value is < -1 or > 1)
        {
            row.Fail(field + ".rating", $"found {value}; expected -1 (wrong), 0 (neutral) or 1 (right).");
        }

        return new ReasoningStep(row.Text(Get(completion, "text"), field + ".text"), value);
    }

    /// <summary>Whether what stands under the answer's heading is the ground truth; null where either is missing.</summary>
    private static bool? Outcome(JsonElement question, ReasoningStep last)
    {
        var at = last.Text.LastIndexOf(AnswerHeading, StringComparison.Ordinal);
        return at >= 0 && Get(question, "ground_truth_answer") is { ValueKind: JsonValueKind.String } truth
            ? last.Text[(at + AnswerHeading.Length)..].Trim() == truth.GetString()!.Trim()
            : null;
    }

    private static JsonElement Part(RowFields row, string field)
    {
        var value = row.Get(field);
        if (value.ValueKind != JsonValueKind.Object)
        {
            row.Fail(field, $"found {ValueDescription.Of(value)}; expected an object.");
        }

        return value;
    }

    private static JsonElement[] List(RowFields row, JsonElement part, string field, string name)
    {
        var value = Get(part, name);
        if (value.ValueKind == JsonValueKind.Array)
        {
            return [.. value.EnumerateArray()];
        }

        row.Fail(field, value.ValueKind == JsonValueKind.Undefined ? "missing; expected a list of steps." : "expected a list of steps.");
        return [];
    }

    private static bool Is(RowFields row, string field) => row.Get(field).ValueKind == JsonValueKind.True;
}
