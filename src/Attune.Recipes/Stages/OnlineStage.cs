using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Globalization;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Data.Formats;
using Attune.Methods.Policy.Online;
using Attune.Methods.Reward;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Rewards;
using Attune.Worlds.Annotators;

namespace Attune.Recipes.Stages;

/// <summary>Who is asked.</summary>
public enum FeedbackOrigin
{
    Simulated,

    /// <summary>The person at the terminal.</summary>
    Person,

    /// <summary>People in the annotation app.</summary>
    Store,

    /// <summary>A language model.</summary>
    Model,
}

/// <summary>
/// Online human feedback (Ziegler et al. 2019): the policy's own answers are compared, a new reward model is trained on all comparisons
/// so far, the policy goes on learning from it, and so on, with labels asked for ever less often.
/// </summary>
public sealed record OnlineStage : Stage
{
    public override string Kind => "online";
    public override string Purpose => "ask about the policy's own answers while it learns (online feedback)";
    public override string Title => "Online feedback";

    [Description("how the policy learns: ppo, rloo or grpo, with their keys")]
    public required PolicyStage Policy { get; init; }

    [Flatten]
    public OnlineFeedbackOptions Questions { get; init; } = new();

    [Description(
        "who answers: simulated annotators, the person at the terminal (pairs only), people in the annotation app "
            + "(store), or a language model (model)"
    )]
    public FeedbackOrigin Source { get; init; } = FeedbackOrigin.Simulated;

    [Description("store only: SQLite file or PostgreSQL connection of the feedback store")]
    public string Database { get; init; } = "feedback.db";

    [Description("store only: name of the project that asks the questions; it compares two answers, or chooses the best of several")]
    public string? Project { get; init; }

    [Description("store only: seconds between two checks for answers")]
    [Range(0.1, 3600)]
    public double Poll { get; init; } = 2;

    [Description("hidden utility of the simulated annotators: reviews")]
    public string Utility { get; init; } = "reviews";

    [Description("the simulated annotators: number, noise and biases")]
    public SimulatedAnnotatorOptions Annotators { get; init; } = new();

    [Description("the judge model (used when source is model)")]
    public JudgeModelOptions JudgeModel { get; init; } = new();

    [Description("answers of the starting policy used to normalise rewards")]
    [Range(0, 1_000_000)]
    public int NormalisationSamples { get; init; } = 256;

    [Description("training of each reward model; pairs and choices share one loss")]
    public RewardOptions Reward { get; init; } = new();

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. Policy.Missing(given with { Reward = true }),
            .. Policy.Options.Training.KeepBest
                ?
                [
                    "online.policy: keep_best is on, but the reward is trained anew as labels come: scores of then and now do not compare. "
                        + "Leave it out.",
                ]
                : Array.Empty<string>(),
            .. Reward.RobustStep > 0
                ? [$"{Kind}.reward.robust_step is {Reward.RobustStep}, but an online run knows no groups of annotators. Expected 0."]
                : Array.Empty<string>(),
            .. Reward.Training.Lora.R > 0
                ? ["online.reward.lora.r is given, but reward models are trained whole here. Leave it out."]
                : Array.Empty<string>(),
            .. Reward
                .Comparison.Unused(RewardLoss.Choice)
                .Select(o => $"online.reward.{o} means nothing here: questions are choices, and pairs are choices of two. Leave it out."),
            .. Utilities.Missing("online.utility", Utility),
            .. Questions.InitialLabels > Questions.Labels
                ? [$"online.initial_labels is {Questions.InitialLabels}, more than labels, {Questions.Labels}."]
                : Array.Empty<string>(),
            .. Questions.Selection == QuestionSelection.Disagreement && Reward.Members < 2
                ? ["online.selection is disagreement, which needs reward.members of 2 or more."]
                : Array.Empty<string>(),
            .. Source == FeedbackOrigin.Person && Questions.Answers > 2
                ? ["online.source is person, who is asked pairs; leave answers at 2."]
                : Array.Empty<string>(),
            .. Source == FeedbackOrigin.Model ? JudgeModel.Chat.Missing("online.judge_model") : [],
            .. Source == FeedbackOrigin.Store ? StoreSnapshot.Missing("online", Database, Project) : [],
            .. Reward.Loss is not (RewardLoss.BradleyTerry or RewardLoss.Choice)
                ? ["online.reward.loss: questions ask for the best answer; leave it at bradley-terry."]
                : Array.Empty<string>(),
        ];

    internal override string? AsksOutside =>
        Source switch
        {
            FeedbackOrigin.Person or FeedbackOrigin.Store => "people",
            FeedbackOrigin.Model => JudgeModel.Chat.Outside,
            _ => null,
        };

    public override PlannedArtifacts After(PlannedArtifacts given) => given with { Preferences = true, Reward = true };

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        using var reward = new RefreshedReward();
        using var setup = new PolicySetup(Kind, Policy.Task, Policy.Answers, context, reward);
        await using var people =
            Source == FeedbackOrigin.Store
                ? await StorePeople.OpenAsync(Database, Project!, TimeSpan.FromSeconds(Poll), context, cancel)
                : null;
        var (judge, client) = Source == FeedbackOrigin.Model ? JudgeModel.Open() : (null, null);
        using var closing = client;
        Directory.CreateDirectory(context.Folder);
        var versions = new RewardVersions(context.Folder, setup.Encoder);
        var feedback = Feedback(setup, context, people?.Source ?? judge ?? BuildSource(context), versions, reward);
        await feedback.BeginAsync(cancel);
        context.Artifacts = context.Artifacts with { Reward = versions.Folder(0) };
        setup.Preparation = feedback;
        var progress = await Policy.LearnAsync(setup, context, cancel);
        // Rewards before and after must be of one reward model to be compared: the newest.
        await setup.BeginAsync(cancel);
        var figures = await setup.FinishAsync(progress, cancel);
        HandOn(feedback, versions, context, figures);
        if (judge is not null)
        {
            context.Note(judge.Tally.Describe(judge.Name));
        }

        if (people is not null)
        {
            await people.FreezeAsync(feedback.Labels.Select(l => l.Question), context, cancel);
        }

        return new StageResult(Kind, clock.Elapsed.TotalSeconds, figures) { Notes = context.Notes };
    }

    private OnlineFeedback Feedback(
        PolicySetup setup,
        StageContext context,
        IFeedbackSource source,
        RewardVersions versions,
        RefreshedReward reward
    ) =>
        new(
            Questions,
            new OnlineContext
            {
                Name = context.Name,
                Seed = context.Seed,
                Rounds = Policy.Options.Rollouts.Rounds,
                Rollouts = setup.Rollouts,
                Encoder = setup.Encoder,
                ShortensPrompts = Policy.Task.PromptTokens > 0,
                Source = source,
                Journal = new QuestionJournal(context.Folder),
                Versions = versions,
                Fit = new OnlineRewardFit(this, setup, context),
                Reward = reward,
                Report = (task, done, total) => context.Screen.Report(task, done, total, ""),
                Note = context.Note,
            }
        );

    /// <summary>Hands on the labels and the newest reward model, and adds what became of the questions.</summary>
    private void HandOn(OnlineFeedback feedback, RewardVersions versions, StageContext context, Dictionary<string, double> figures)
    {
        var labels = feedback.Labels.ToArray();
        var preferences = Path.Combine(context.Folder, "preferences.jsonl");
        if (Questions.Answers == 2)
        {
            DatasetFile.Write(preferences, labels.Select(l => l.Question.Prefer(l.Reply.Best!.Value, l.Reply.Annotator)).ToArray());
        }
        else
        {
            DatasetFile.Write(preferences, labels.Select(OnlineFeedback.ToChoice).ToArray());
        }

        context.Artifacts = context.Artifacts with
        {
            Reward = versions.Folder(feedback.Refreshes - 1),
            Preferences = preferences,
            HeldOutPreferences = null,
            Utility = Source == FeedbackOrigin.Simulated ? Utility : null,
        };
        figures["labels"] = labels.Length;
        figures["refreshes"] = feedback.Refreshes;
        foreach (var version in labels.GroupBy(l => l.Question.PolicyVersion).OrderBy(g => g.Key))
        {
            figures[string.Create(CultureInfo.InvariantCulture, $"labels_from_update/{version.Key}")] = version.Count();
        }
    }

    private IFeedbackSource BuildSource(StageContext context) =>
        Source == FeedbackOrigin.Person
            ? new PersonSource(
                context.Person
                    ?? throw new ConfigurationException("online.source is person, but no terminal is attached. Use another source.")
            )
            : new SimulatedSource(
                new SimulatedAnnotators(Utilities.Named(Utility), Annotators.ToOptions(), context.Seed.For("annotators"))
            );
}
