using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Data.Formats;
using Attune.Data.Order;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Serving;
using Attune.Worlds.Annotators;

namespace Attune.Recipes.Stages;

/// <summary>
/// Lets the policy answer prompts, and asks annotators, simulated or at the terminal, which answers they prefer; or takes the labels that
/// people gave in the annotation app, frozen at this moment.
/// </summary>
public sealed record PreferencesStage : Stage
{
    public override string Kind => "preferences";
    public override string Purpose => "sample answers and collect preferences";
    public override string Title => "Preferences";

    [Description(
        "where labels come from: ask (simulated annotators compare the policy's answers), model (a language model "
            + "compares them) or store (labels of the annotation app)"
    )]
    public PreferenceOrigin Source { get; init; } = PreferenceOrigin.Ask;

    [Description("store only: SQLite file or PostgreSQL connection of the feedback store")]
    public string Database { get; init; } = "feedback.db";

    [Description("store only: name of the project with the labels")]
    public string? Project { get; init; }

    [Description("prompts to answer: a file with prompts, or reviews:prompts")]
    public string? Prompts { get; init; }

    [Description("labels to collect from simulated annotators or the model, one for each prompt")]
    [Range(0, 10_000_000)]
    public int Labels { get; init; } = 2000;

    [Description("kind of question: pairs, choice (best of K) or ranking (order of K)")]
    public FeedbackKind Feedback { get; init; } = FeedbackKind.Pairs;

    [Description("answers to each prompt; pairs always have 2")]
    [Range(2, 64)]
    public int Answers { get; init; } = 4;

    [Description("hidden utility of the simulated annotators: reviews, tiny or tiny-proxy")]
    public string Utility { get; init; } = "reviews";

    [Description("the simulated annotators: number, noise and biases")]
    public SimulatedAnnotatorOptions Annotators { get; init; } = new();

    [Description("the judge model (used when source is model)")]
    public JudgeModelOptions JudgeModel { get; init; } = new();

    [Description("a language model that answers in place of the policy")]
    public ChatModelOptions AnswerModel { get; init; } = new();

    [Description("comparisons for the person at the terminal, before the simulated ones (pairs only)")]
    [Range(0, 100_000)]
    public int AskMe { get; init; }

    [Description("sampling temperature: below 1 more predictable, above 1 more varied")]
    [Range(0.01, 100)]
    public double Temperature { get; init; } = 1;

    [Description("longest answer, in tokens")]
    [Range(1, 100_000)]
    public int MaxNewTokens { get; init; } = 64;

    [Description("share of the prompts whose labels are held out to evaluate the reward model")]
    [Range(0, 0.9)]
    public double TestSplit { get; init; } = 0.1;

    /// <summary>Answers to each prompt.</summary>
    internal int AnswersEach => Feedback == FeedbackKind.Pairs ? 2 : Answers;

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        Source == PreferenceOrigin.Store ? StoreSnapshot.Missing("preferences", Database, Project)
        : Prompts is null ? ["preferences.prompts is missing: which prompts should the policy answer?"]
        :
        [
            .. AnswerModel.Model is null ? MissingPolicy(given) : AnswerModel.Missing("preferences.answer_model"),
            .. DataSource.Missing("preferences.prompts", Prompts, Labels + AskMe),
            .. Utilities.Missing("preferences.utility", Utility),
            .. MissingPairs(),
            .. MissingJudge(),
        ];

    public override PlannedArtifacts After(PlannedArtifacts given) => given with { Preferences = true };

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        if (Source == PreferenceOrigin.Store)
        {
            return await StoreSnapshot.TakeAsync(Kind, Database, Project!, TestSplit, context, cancel);
        }

        var clock = Stopwatch.StartNew();
        var questions = await new PreferenceAnswers(this, context).SampleAsync(Prompts!, cancel);
        var alike = questions.RemoveAll(q => q.Answers.Distinct(StringComparer.Ordinal).Count() == 1);
        if (alike > 0)
        {
            context.Note($"{alike} prompts were left out: their answers came out the same");
        }

        if (Source == PreferenceOrigin.Model)
        {
            var judged = new Dictionary<string, double> { ["prompts"] = questions.Count };
            await JudgeAsync(context, questions, judged, cancel);
            return new StageResult(Kind, clock.Elapsed.TotalSeconds, judged) { Notes = context.Notes };
        }

        var judge = new SimulatedAnnotators(Utilities.Named(Utility), Annotators.ToOptions(), context.Seed.For("annotators"));
        var figures = new Dictionary<string, double> { ["prompts"] = questions.Count };
        switch (Feedback)
        {
            case FeedbackKind.Pairs:
                Keep(context, Pairs(context, questions, judge, figures, cancel), figures);
                Quality(judge, questions, figures);
                break;
            case FeedbackKind.Choice:
                Keep(context, [.. questions.Select((q, i) => judge.Choose(q.Prompt, q.Answers, i) with { Cut = q.Cut })], figures);
                break;
            default:
                Keep(context, [.. questions.Select((q, i) => judge.Rank(q.Prompt, q.Answers, i) with { Cut = q.Cut })], figures);
                break;
        }

        context.Screen.Report("labels", questions.Count, questions.Count, "");
        return new StageResult(Kind, clock.Elapsed.TotalSeconds, figures);
    }

    internal override string? AsksOutside =>
        AskMe > 0 ? "people"
        : Source == PreferenceOrigin.Model && JudgeModel.Chat.Outside is { } judge ? judge
        : AnswerModel.Outside;

    private string[] MissingPairs() =>
        AskMe > 0 && Feedback != FeedbackKind.Pairs ? ["preferences.ask_me asks for pairs; leave feedback at pairs."] : [];

    private IEnumerable<string> MissingJudge() =>
        Source != PreferenceOrigin.Model
            ? []
            :
            [
                .. JudgeModel.Chat.Missing("preferences.judge_model"),
                .. Feedback == FeedbackKind.Ranking
                    ? ["preferences.feedback is ranking, and a model is asked for the best; choose pairs or choice."]
                    : Array.Empty<string>(),
                .. AskMe > 0
                    ? ["preferences.ask_me goes with simulated annotators; leave it out where a model is asked."]
                    : Array.Empty<string>(),
            ];

    /// <summary>The labels of a model, which is their author.</summary>
    private async Task JudgeAsync(
        StageContext context,
        List<AnsweredPrompt> questions,
        Dictionary<string, double> figures,
        CancellationToken cancel
    )
    {
        var (judge, client) = JudgeModel.Open();
        using var closing = client;
        Question[] asked = [.. questions.Select((q, i) => new Question($"{context.Name}/{i}", q.Prompt, q.Answers, 0) { Cut = q.Cut })];
        var replies = new List<(Question Question, Reply Reply)>();
        await foreach (var reply in judge.AskAsync(asked, cancel))
        {
            replies.Add((asked[replies.Count], reply));
            context.Screen.Report($"asking {judge.Name}", replies.Count, asked.Length, "");
        }

        var tally = judge.Tally;
        context.Note(tally.Describe(judge.Name));
        var preferred = replies.Where(r => r.Reply.Best is not null).ToArray();
        (figures["ties"], figures["order_decided"], figures["unreadable"]) = (
            replies.Count - preferred.Length,
            tally.Disagreed,
            tally.UnreadableReplies
        );
        if (Feedback == FeedbackKind.Pairs)
        {
            Keep(context, [.. preferred.Select(r => r.Question.Prefer(r.Reply.Best!.Value, r.Reply.Annotator))], figures);
        }
        else
        {
            Keep(context, [.. preferred.Select(r => r.Question.Choose(r.Reply.Best!.Value, r.Reply.Annotator))], figures);
        }
    }

    private ImmutableArray<Preference> Pairs(
        StageContext context,
        List<AnsweredPrompt> questions,
        SimulatedAnnotators judge,
        Dictionary<string, double> figures,
        CancellationToken cancel
    )
    {
        var asked = AskMe > 0 ? PersonComparisons.Ask(context, [.. questions.Take(AskMe)], judge, figures, cancel) : [];
        var simulated = questions
            .Skip(AskMe)
            .Select((q, i) => judge.Compare(q.Prompt, q.Answers[0], q.Answers[1], i).ToPreference() is { } pair ? q.Completed(pair) : null)
            .ToArray();
        figures["ties"] = simulated.Count(p => p is null);
        return [.. asked, .. simulated.OfType<Preference>()];
    }

    private static void Quality(SimulatedAnnotators judge, List<AnsweredPrompt> questions, Dictionary<string, double> figures)
    {
        var quality = judge.QualityOn(questions.Take(500).Select(q => (q.Prompt, q.Answers[0], q.Answers[1])));
        figures["label_agreement_with_gold"] = quality.GoldAgreement;
        figures["best_possible_accuracy"] = quality.BayesAccuracy;
    }

    private void Keep<T>(StageContext context, ImmutableArray<T> feedback, Dictionary<string, double> figures)
        where T : Label
    {
        if (feedback.IsEmpty)
        {
            throw new AttuneException("preferences: no label was collected; nothing can be learned from that.");
        }

        var split = Split.ByPrompt(feedback, TestSplit, context.Seed.For("split"));
        var (train, heldOut) = (
            Path.Combine(context.Folder, "preferences.jsonl"),
            Path.Combine(context.Folder, "held-out-preferences.jsonl")
        );
        DatasetFile.Write(train, split.Training);
        DatasetFile.Write(heldOut, split.HeldOut);
        figures["labels"] = split.Training.Length;
        figures["held_out_labels"] = split.HeldOut.Length;
        context.Artifacts = context.Artifacts with
        {
            Preferences = train,
            HeldOutPreferences = split.HeldOut.IsEmpty ? null : heldOut,
            Utility = Source == PreferenceOrigin.Model ? null : Utility,
        };
    }
}
