using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Methods.Policy;
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

    /// <summary>Whoever sits at the terminal.</summary>
    Person,

    /// <summary>People in the annotation app.</summary>
    Store,

    /// <summary>A language model.</summary>
    Model,
}

/// <summary>Which questions are asked.</summary>
public enum QuestionSelection
{
    Random,

    /// <summary>Those on which the members of the reward ensemble disagree most.</summary>
    Disagreement,
}

/// <summary>
/// Online human feedback (Ziegler et al. 2019): the policy's own answers are compared, the reward model is trained anew on all comparisons
/// so far, the policy goes on learning from it, and so on, with labels asked for ever less often.
/// </summary>
public sealed record OnlineStage : Stage
{
    public override string Kind => "online";
    public override string Purpose => "ask about the policy's own answers while it learns (online feedback)";
    public override string Title => "Online feedback";

    [Description("how the policy learns, with its prompts: ppo, rloo or grpo and their keys")]
    public required PolicyStage Policy { get; init; }

    [Description("questions to ask in the whole run")]
    [Range(1, 10_000_000)]
    public int Labels { get; init; } = 2000;

    [Description("questions to ask before anything is learned")]
    [Range(1, 10_000_000)]
    public int InitialLabels { get; init; } = 1000;

    [Description("times to ask the other questions and to train the reward model anew")]
    [Range(0, 100_000)]
    public int Refreshes { get; init; } = 4;

    [Description("how the rate of questions falls over the run: ziegler, hyperbolic or constant")]
    public LabelRate Schedule { get; init; } = LabelRate.Ziegler;

    [Description("answers in a question; the best is asked for")]
    [Range(2, 64)]
    public int Answers { get; init; } = 2;

    [Description("random questions, or those on which the reward models disagree most")]
    public QuestionSelection Selection { get; init; } = QuestionSelection.Random;

    [Description("disagreement only: questions to choose from, for each that is asked")]
    [Range(2, 1000)]
    public int Candidates { get; init; } = 4;

    [Description(
        "who is asked: simulated annotators, the person at the terminal (pairs only), people in the annotation app (store), or "
            + "a language model (model)"
    )]
    public FeedbackOrigin Source { get; init; } = FeedbackOrigin.Simulated;

    [Description("store only: SQLite file or PostgreSQL connection of the feedback store")]
    public string Database { get; init; } = "feedback.db";

    [Description("store only: name of the project that asks the questions; it compares two answers, or chooses the best of several")]
    public string? Project { get; init; }

    [Description("store only: seconds between two looks for answers")]
    [Range(0.1, 3600)]
    public double Poll { get; init; } = 2;

    [Description("what the simulated annotators want: reviews")]
    public string Utility { get; init; } = "reviews";

    [Description("how the simulated annotators see and err")]
    public SimulatedAnnotatorOptions Annotators { get; init; } = new();

    [Description("model only: which, and how it is asked")]
    public JudgeModelOptions JudgeModel { get; init; } = new();

    [Description("seconds to wait for the answers of a round before going on with those that came; 0 waits for all")]
    [Range(0, 1e9)]
    public double AnswerTimeout { get; init; }

    [Description("answers of the starting policy by which rewards are normalised")]
    [Range(0, 1_000_000)]
    public int NormalisationSamples { get; init; } = 256;

    [Description("how each reward model is trained; pairs and choices share one loss")]
    public RewardOptions Reward { get; init; } = new();

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. Policy.Missing(given with { Reward = true }),
            .. Reward.Training.Lora.R > 0
                ? ["online.reward.lora.r is given, but reward models are trained whole here. Leave it out."]
                : Array.Empty<string>(),
            .. Utilities.Missing("online.utility", Utility),
            .. InitialLabels > Labels ? [$"online.initial_labels is {InitialLabels}, more than labels, {Labels}."] : Array.Empty<string>(),
            .. Selection == QuestionSelection.Disagreement && Reward.Members < 2
                ? ["online.selection is disagreement, which needs reward.members of 2 or more."]
                : Array.Empty<string>(),
            .. Source == FeedbackOrigin.Person && Answers > 2
                ? ["online.source is person, who is asked pairs; leave answers at 2."]
                : Array.Empty<string>(),
            .. Source == FeedbackOrigin.Model ? JudgeModel.Missing("online.judge_model") : [],
            .. Source == FeedbackOrigin.Store ? StoreSnapshot.Missing("online", Database, Project) : [],
            .. Reward.Loss is not (RewardLoss.BradleyTerry or RewardLoss.Choice)
                ? ["online.reward.loss: questions ask for the best answer; leave it at bradley-terry."]
                : Array.Empty<string>(),
        ];

    public override PlannedArtifacts After(PlannedArtifacts given) => given with { Preferences = true, Reward = true };

    public override async Task<StageResult> RunAsync(StageContext room, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        using var reward = new RefreshedReward();
        using var bench = new PolicySetup(Kind, Policy.Task, Policy.Answers, room, reward);
        await using var people =
            Source == FeedbackOrigin.Store
                ? await StorePeople.OpenAsync(Database, Project!, TimeSpan.FromSeconds(Poll), room, cancel)
                : null;
        var (judge, client) = Source == FeedbackOrigin.Model ? JudgeModel.Open() : (null, null);
        using var closing = client;
        var feedback = new OnlineFeedback(this, bench, room, people?.Source ?? judge ?? BuildSource(room), reward);
        await feedback.BeginAsync(cancel);
        bench.Preparation = feedback;
        var progress = await Policy.LearnAsync(bench, room, cancel);
        // Rewards before and after must be of one reward model to be compared: the newest.
        await bench.BeginAsync(cancel);
        var figures = await bench.FinishAsync(progress, cancel);
        feedback.Finish(figures);
        if (judge is not null)
        {
            room.Note(judge.Tally.Describe(judge.Name));
        }

        if (people is not null)
        {
            await people.FreezeAsync(feedback.Answered, room, cancel);
        }

        return new StageResult(Kind, clock.Elapsed.TotalSeconds, figures) { Notes = room.Notes };
    }

    private IFeedbackSource BuildSource(StageContext room) =>
        Source == FeedbackOrigin.Person
            ? new PersonSource(
                room.Person ?? throw new ConfigurationException("online.source is person, and there is nobody at a terminal.")
            )
            : new SimulatedSource(new SimulatedAnnotators(Utilities.Named(Utility), Annotators.ToOptions(), room.Seed.For("annotators")));
}
