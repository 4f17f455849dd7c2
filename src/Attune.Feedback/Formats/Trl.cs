using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>
/// The rows that TRL trains on, in plain texts or lists of messages: preference, unpaired preference, stepwise supervision; prompts alone
/// and prompts with a completion come in without labels. Choices and rankings are Attune's own two kinds (docs/data-formats.md).
/// </summary>
internal sealed class Trl : IRowFormat
{
    public string Name => "trl";
    public ImmutableArray<ProjectKind> Writes =>
        [ProjectKind.Comparison, ProjectKind.Rating, ProjectKind.Steps, ProjectKind.BestOf, ProjectKind.Ranking];

    public ProjectKind KindOf(JsonObject row) =>
        row.ContainsKey("chosen") ? ProjectKind.Comparison
        : row.ContainsKey("completions") ? ProjectKind.Steps
        : row.ContainsKey("completion") ? ProjectKind.Rating
        : row.ContainsKey("ranks") ? ProjectKind.Ranking
        : row.ContainsKey("answers") ? ProjectKind.BestOf
        : ProjectKind.Chat;

    public bool Fits(JsonObject row) => row.ContainsKey("prompt") || (row.ContainsKey("chosen") && row.ContainsKey("rejected"));

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context)
    {
        var annotator = row.TextOrNull("annotator");
        var (content, judgement) = KindOf(row) switch
        {
            ProjectKind.Comparison => Preference(row),
            ProjectKind.Steps => Stepwise(row),
            ProjectKind.Rating => Unpaired(row),
            ProjectKind.Ranking or ProjectKind.BestOf => Several(row),
            _ => (new ItemContent(Conversations.Prompt(row["prompt"], "prompt"), []), null),
        };
        row.Empty("prompt", "chosen", "rejected", "completion", "completions", "labels", "label", "answers", "best", "ranks", "annotator");
        var frame = RowFrame.Keep(Name, row);
        yield return judgement is null
            ? new ReadRow(content with { Extras = frame }, null)
            : new ReadRow(content, new ExistingLabel(annotator, judgement) { Extras = frame });
    }

    public IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context)
    {
        foreach (var label in labels)
        {
            var frame = RowFrame.Of(label.Judgement is null ? label.Item.Extras : label.Extras, Name);
            var row = frame ?? new JsonObject { ["prompt"] = null };
            if (row.ContainsKey("prompt"))
            {
                row["prompt"] = Conversations.ToJson(label.Item.Prompt);
            }
            if (!Fill(row, label, frame is null, context.Settings))
            {
                continue;
            }
            if (label.Annotator is not null && (frame is null || frame.ContainsKey("annotator")))
            {
                row["annotator"] = label.Annotator;
            }
            yield return row;
        }
    }

    private static bool Fill(JsonObject row, OutLabel label, bool fresh, ProjectSettings settings)
    {
        var (prompt, candidates) = (label.Item.Prompt, label.Item.Candidates);
        switch (label.Judgement)
        {
            case ComparisonJudgement { Pick: Pick.First or Pick.Second } comparison:
                var best = comparison.Pick == Pick.First ? 0 : 1;
                (row["chosen"], row["rejected"]) = (
                    Whole(row, prompt, candidates[best].Text),
                    Whole(row, prompt, candidates[1 - best].Text)
                );
                if (fresh && comparison.Strength is { } level)
                {
                    row["margin"] = Strength.Margin(level);
                }
                return true;
            case StepsJudgement steps:
                row["completions"] = new JsonArray([.. candidates[0].Steps.Select(s => JsonValue.Create(s))]);
                row["labels"] = new JsonArray([
                    .. steps.Ratings.Select(r =>
                        r is 0 or null ? (JsonNode?)(r is null ? null : JsonValue.Create(0)) : JsonValue.Create(r > 0)
                    ),
                ]);
                return fresh ? steps.Ratings.All(r => r is not null) : true;
            case RatingJudgement rating when settings.Thumbs:
                (row["completion"], row["label"]) = (Conversations.AnswerToJson(candidates[0].Text, prompt), rating.Value > 0.5);
                return true;
            case ChoiceJudgement { Best: { } chosen }:
                (row["answers"], row["best"]) = (Texts(candidates), chosen);
                return true;
            case RankingJudgement ranking:
                (row["answers"], row["ranks"]) = (Texts(candidates), new JsonArray([.. ranking.Ranks.Select(r => JsonValue.Create(r))]));
                return true;
            case null when !fresh:
                if (!candidates.IsEmpty)
                {
                    row["completion"] = Conversations.AnswerToJson(candidates[0].Text, prompt);
                }
                return true;
            default:
                return false;
        }
    }

    /// <summary>Where the row has no prompt of its own, each answer carries it.</summary>
    private static JsonNode Whole(JsonObject row, Prompt prompt, string answer) =>
        row.ContainsKey("prompt") ? Conversations.AnswerToJson(answer, prompt)
        : prompt is Prompt.Chat chat ? Conversations.ToJson([.. chat.Messages, new Message(Core.Conversations.Role.Assistant, answer)])
        : JsonValue.Create(((Prompt.Text)prompt).Value + answer);

    private static (ItemContent, Judgement?) Preference(JsonObject row)
    {
        Prompt prompt;
        string chosen,
            rejected;
        if (row.ContainsKey("prompt"))
        {
            prompt = Conversations.Prompt(row["prompt"], "prompt");
            (chosen, rejected) = (
                Conversations.Answer(row["chosen"], prompt, "chosen"),
                Conversations.Answer(row["rejected"], prompt, "rejected")
            );
        }
        else if (row["chosen"] is JsonArray)
        {
            var (a, b) = (Conversations.Messages(row["chosen"], "chosen"), Conversations.Messages(row["rejected"], "rejected"));
            if (a.Length == 0 || !a[..^1].SequenceEqual(b.IsEmpty ? [] : b[..^1]))
            {
                throw new RowException("rejected", "the two conversations differ before their last turn; expected one prompt.");
            }
            (prompt, chosen, rejected) = (new Prompt.Chat(a[..^1]), a[^1].Content, b[^1].Content);
        }
        else
        {
            var (a, b) = (row.Text("chosen"), row.Text("rejected"));
            // Back to the white space before the first word that differs.
            var shared = a.AsSpan().CommonPrefixLength(b);
            while (shared > 0 && !char.IsWhiteSpace(a[shared - 1]))
            {
                shared--;
            }

            shared = shared > 0 ? shared - 1 : 0;
            (prompt, chosen, rejected) = (new Prompt.Text(a[..shared]), a[shared..], b[shared..]);
        }

        return (new ItemContent(prompt, [new Candidate(chosen), new Candidate(rejected)]), new ComparisonJudgement(Pick.First));
    }

    private static (ItemContent, Judgement?) Stepwise(JsonObject row)
    {
        var steps = row.List("completions").Select(c => c.AsText("completions")).ToArray();
        ImmutableArray<int?> labels = [.. row.List("labels").Select(Label)];
        if (labels.Length != steps.Length)
        {
            throw new RowException("labels", $"found {labels.Length} for {steps.Length} completions; expected one for each.");
        }
        var finish = labels.Contains(-1) ? FinishReason.FoundError : FinishReason.Solution;
        return (
            new ItemContent(Conversations.Prompt(row["prompt"], "prompt"), [Candidate.OfSteps(steps)]),
            new StepsJudgement(labels, finish)
        );
    }

    private static int? Label(JsonNode? label) =>
        label?.GetValueKind() switch
        {
            JsonValueKind.True => 1,
            JsonValueKind.False => -1,
            null => null,
            _ => label.Whole("labels"),
        };

    private static (ItemContent, Judgement?) Unpaired(JsonObject row)
    {
        var prompt = Conversations.Prompt(row["prompt"], "prompt");
        var content = new ItemContent(prompt, [new Candidate(Conversations.Answer(row["completion"], prompt, "completion"))]);
        return (
            content,
            row["label"]?.GetValueKind() switch
            {
                JsonValueKind.True => new RatingJudgement(1),
                JsonValueKind.False => new RatingJudgement(0),
                null => null,
                _ => throw new RowException("label", $"found {RowFrame.Kind(row["label"])}; expected true or false."),
            }
        );
    }

    private static (ItemContent, Judgement?) Several(JsonObject row)
    {
        var content = new ItemContent(
            Conversations.Prompt(row["prompt"], "prompt"),
            [.. row.List("answers").Select(a => new Candidate(a.AsText("answers")))]
        );
        return (
            content,
            row.ContainsKey("ranks") ? new RankingJudgement([.. row.List("ranks").Select(r => r.Whole("ranks"))])
            : row["best"] is { } best ? new ChoiceJudgement(best.Whole("best"))
            : null
        );
    }

    private static JsonArray Texts(ImmutableArray<Candidate> candidates) => [.. candidates.Select(c => JsonValue.Create(c.Text))];
}
