using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Feedback.Labels;
using Label = Attune.Core.Feedback.Label;

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
        row.Empty(
            "prompt",
            "chosen",
            "rejected",
            "completion",
            "completions",
            "labels",
            "label",
            "answers",
            "best",
            "ranks",
            "annotator",
            "cut"
        );
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
            if (Fields(label, frame, context.Settings) is not { } fields)
            {
                continue;
            }
            if (label.Annotator is not null)
            {
                fields["annotator"] = label.Annotator;
            }
            yield return frame is null ? fields : Filled(frame, fields);
        }
    }

    /// <summary>The frame with its emptied places filled. What it never had is not added, and what it kept is not changed.</summary>
    private static JsonObject Filled(JsonObject frame, JsonObject fields)
    {
        foreach (var (name, value) in fields.Where(f => f.Key is not ("margin" or "probability") && frame.ContainsKey(f.Key)))
        {
            frame[name] = value?.DeepClone();
        }
        return frame;
    }

    /// <summary>The label's row as data files have it; null where they cannot hold it.</summary>
    private static JsonObject? Fields(OutLabel label, JsonObject? frame, ProjectSettings settings)
    {
        var (item, prompt) = (label.Item, label.Item.Prompt);
        return label.Judgement switch
        {
            // Where the row has no prompt, each answer begins with it.
            ComparisonJudgement { Pick: Pick.First or Pick.Second } comparison when frame?.ContainsKey("prompt") == false =>
                WithWholeAnswers(prompt, [.. item.Candidates.Select(c => c.Text)], comparison.Pick == Pick.First ? 0 : 1),
            // A row that came with steps nobody rated keeps them so.
            StepsJudgement steps when frame is not null => Steps(item, steps),
            // What a snapshot's training file says.
            ComparisonJudgement or ChoiceJudgement or RankingJudgement or StepsJudgement or RatingJudgement => Only(
                JudgementLabels.Of(item, label.Judgement, settings, []).SelectMany(JudgementLabels.ToTrain)
            ),
            null when frame is not null => item.Candidates.IsEmpty
                ? DatasetFile.Fields(prompt)
                : DatasetFile.Fields(
                    new Demonstration(prompt, item.Candidates[0].Text) { Cut = CutAnswers.Of([item.Candidates[0].IsCut]) }
                ),
            _ => null,
        };
    }

    private static JsonObject? Only(IEnumerable<Label> labels) =>
        labels.SingleOrDefault() switch
        {
            Preference pair => DatasetFile.Fields(pair),
            Choice choice => DatasetFile.Fields(choice),
            Ranking ranking => DatasetFile.Fields(ranking),
            Verdict verdict => DatasetFile.Fields(verdict),
            StepLabels steps => DatasetFile.Fields(steps),
            _ => null,
        };

    private static JsonObject Steps(ItemContent item, StepsJudgement judgement)
    {
        var steps = item.Candidates[0].Steps.Zip(judgement.Ratings, (text, rating) => new ReasoningStep(text, rating ?? 0));
        var fields = DatasetFile.Fields(new StepLabels(item.Prompt, [.. steps]));
        foreach (var unrated in judgement.Ratings.Index().Where(r => r.Item is null))
        {
            fields["labels"]![unrated.Index] = null;
        }
        return fields;
    }

    private static JsonObject WithWholeAnswers(Prompt prompt, string[] answers, int best)
    {
        JsonNode Whole(string answer) =>
            prompt is Prompt.Chat chat
                ? Conversations.ToJson([.. chat.Messages, new Message(Core.Conversations.Role.Assistant, answer)])
                : JsonValue.Create(((Prompt.Text)prompt).Value + answer);
        return new JsonObject { ["chosen"] = Whole(answers[best]), ["rejected"] = Whole(answers[1 - best]) };
    }

    private static (ItemContent, Judgement?) Paired(Preference pair) =>
        (
            Item(pair.Prompt, [pair.Chosen, pair.Rejected], pair.Cut),
            new ComparisonJudgement(Pick.First) { Probability = pair.Probability == 1 ? null : pair.Probability }
        );

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
            return (Item(shown.Prompt, [shown.Answer], shown.Cut), null);
        }
        var verdict = context.Read<Verdict>();
        return (Item(verdict.Prompt, [verdict.Answer], verdict.Cut), new RatingJudgement(verdict.Desirable ? 1 : 0));
    }

    private static (ItemContent, Judgement?) Several(JsonObject row, FormatContext context)
    {
        if (row.ContainsKey("ranks"))
        {
            var ranking = context.Read<Ranking>();
            return (Item(ranking.Prompt, ranking.Answers, ranking.Cut), new RankingJudgement(ranking.Ranks));
        }
        if (row["best"] is null)
        {
            return (context.Read(fields => Item(PromptField.Read(fields), fields.Texts("answers"), default)), null);
        }
        var choice = context.Read<Choice>();
        return (Item(choice.Prompt, choice.Answers, choice.Cut), new ChoiceJudgement(choice.Best));
    }

    private static ItemContent Item(Prompt prompt, IEnumerable<string> answers, CutAnswers cut) =>
        new(prompt, [.. answers.Select((a, i) => new Candidate(a) { IsCut = cut.Contains(i) })]);
}
