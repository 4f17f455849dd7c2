using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>
/// The rows that TRL trains on, in plain texts or lists of messages: preference, unpaired preference, stepwise supervision; prompts alone
/// and prompts with a completion have no labels. Choices and rankings are Attune's own two kinds (docs/data-formats.md).
/// </summary>
internal sealed class Trl : IExchangeFormat
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
            ProjectKind.Comparison => Paired(context.Read<Preference>()),
            ProjectKind.Steps => context.Read(Stepwise),
            ProjectKind.Rating => Unpaired(row, context),
            ProjectKind.Ranking or ProjectKind.BestOf => Several(row, context),
            _ => (new ItemContent(context.Read(PromptField.Read), []), null),
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

    /// <summary>Where the row has no prompt, each answer begins with it.</summary>
    private static JsonNode Whole(JsonObject row, Prompt prompt, string answer) =>
        row.ContainsKey("prompt") ? Conversations.AnswerToJson(answer, prompt)
        : prompt is Prompt.Chat chat ? Conversations.ToJson([.. chat.Messages, new Message(Core.Conversations.Role.Assistant, answer)])
        : JsonValue.Create(((Prompt.Text)prompt).Value + answer);

    private static (ItemContent, Judgement?) Paired(Preference pair) =>
        (new ItemContent(pair.Prompt, [new Candidate(pair.Chosen), new Candidate(pair.Rejected)]), new ComparisonJudgement(Pick.First));

    /// <summary>Labels may be null here: steps that were not rated.</summary>
    private static (ItemContent, Judgement?) Stepwise(RowFields row)
    {
        var steps = row.Texts("completions");
        ImmutableArray<int?> labels = [.. row.List("labels").Select((label, index) => StepLabel(row, label, $"labels[{index}]"))];
        if (!row.Failed && labels.Length != steps.Length)
        {
            row.Fail("labels", $"found {labels.Length} labels for {steps.Length} completions; expected one for each.");
        }
        var finish = labels.Contains(-1) ? FinishReason.FoundError : FinishReason.Solution;
        return (new ItemContent(PromptField.Read(row), [Candidate.OfSteps(steps)]), new StepsJudgement(labels, finish));
    }

    private static int? StepLabel(RowFields row, JsonElement label, string field) =>
        label.ValueKind switch
        {
            JsonValueKind.True => 1,
            JsonValueKind.False => -1,
            JsonValueKind.Null => null,
            _ => row.WholeNumber(label, field),
        };

    private static (ItemContent, Judgement?) Unpaired(JsonObject row, FormatContext context)
    {
        if (row["label"] is null)
        {
            var shown = context.Read<Demonstration>();
            return (new ItemContent(shown.Prompt, [new Candidate(shown.Answer)]), null);
        }
        var verdict = context.Read<Verdict>();
        return (new ItemContent(verdict.Prompt, [new Candidate(verdict.Answer)]), new RatingJudgement(verdict.Desirable ? 1 : 0));
    }

    private static (ItemContent, Judgement?) Several(JsonObject row, FormatContext context)
    {
        if (row.ContainsKey("ranks"))
        {
            var ranking = context.Read<Ranking>();
            return (Item(ranking.Prompt, ranking.Answers), new RankingJudgement(ranking.Ranks));
        }
        if (row["best"] is null)
        {
            return (context.Read(fields => Item(PromptField.Read(fields), fields.Texts("answers"))), null);
        }
        var choice = context.Read<Choice>();
        return (Item(choice.Prompt, choice.Answers), new ChoiceJudgement(choice.Best));
    }

    private static ItemContent Item(Prompt prompt, ImmutableArray<string> answers) =>
        new(prompt, [.. answers.Select(a => new Candidate(a))]);

    private static JsonArray Texts(ImmutableArray<Candidate> candidates) => [.. candidates.Select(c => JsonValue.Create(c.Text))];
}
