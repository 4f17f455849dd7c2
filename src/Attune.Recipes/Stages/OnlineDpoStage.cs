using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Data.Order;
using Attune.Methods.Policy;
using Attune.Methods.Preference;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Checkpoints;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;
using Attune.Training.Rewards;
using Attune.Training.Rollouts;
using Attune.Worlds.Annotators;

namespace Attune.Recipes.Stages;

/// <summary>Who judges fresh answers.</summary>
public enum JudgeKind
{
    /// <summary>Simulated annotators with a hidden utility.</summary>
    Annotators,

    /// <summary>A reward model: the higher reward wins.</summary>
    Reward,

    /// <summary>A language model that is asked.</summary>
    Model,
}

/// <summary>DPO on the policy's own answers, judged as it goes.</summary>
[Runs(typeof(OnlineDpoOptions))]
public sealed record OnlineDpoStage : Stage
{
    [Description("prompts to answer: a file with prompts, or reviews:prompts")]
    public required string Prompts { get; init; }

    [Description("prompts to use, drawn at random; 0 for all of a file")]
    [Range(0, int.MaxValue)]
    public int Rows { get; init; }

    [Description(
        "judge: annotators (simulated), reward (reward_model, or that of an earlier reward stage) or model "
            + "(judge_model, a language model)"
    )]
    public JudgeKind Judge { get; init; } = JudgeKind.Annotators;

    [Description("hidden utility of the simulated annotators: reviews")]
    public string Utility { get; init; } = "reviews";

    [Description("the simulated annotators: number, noise and biases")]
    public SimulatedAnnotatorOptions Annotators { get; init; } = new();

    [Description("the judge model (used when judge is model)")]
    public JudgeModelOptions JudgeModel { get; init; } = new();

    [Flatten]
    public OnlineDpoOptions Method { get; init; } = new();

    [Flatten]
    public EvaluatedTraining Training { get; init; } = new();

    private EvaluationOptions Evaluation => Training.Evaluation;

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. ProblemsOfAdapter(Method.Training, samples: true),
            .. Training.Missing(Kind),
            .. DataSource.Missing("online-dpo.prompts", Prompts, Rows),
            .. Utilities.Missing("online-dpo.utility", Utility),
            .. Method.Pairs == JudgedPairs.BestWorst && Judge != JudgeKind.Reward
                ? ["online-dpo.pairs is best-worst, but only judge: reward says which answer is worst. Give one of the two."]
                : Array.Empty<string>(),
            .. Judge == JudgeKind.Model ? JudgeModel.Chat.Missing("online-dpo.judge_model") : [],
            .. Judge != JudgeKind.Reward && Method.Scores != new ScoreOptions()
                ? ["online-dpo.missing_eos_penalty, missing_eos_score and score_clip change scores, which only judge: reward gives."]
                : Array.Empty<string>(),
            .. Method.Training.KeepBest && !given.Reward && Evaluation.RewardModel is null
                ? ["online-dpo.keep_best is on, but no reward says which weights are best. Give reward_model, or leave keep_best out."]
                : Array.Empty<string>(),
            .. Judge == JudgeKind.Reward && !given.Reward && Evaluation.RewardModel is null
                ? ["online-dpo.judge is reward, but there is none: no reward stage comes before and reward_model is not given."]
                : Array.Empty<string>(),
        ];

    internal override IEnumerable<string?> LearnsFrom(Artifacts given) =>
        [given.Policy, Judge == JudgeKind.Reward && Evaluation.RewardModel is null ? given.Reward : null];

    internal override IEnumerable<string?> OnlyMeasuresWith => Judge == JudgeKind.Reward ? [] : [Evaluation.RewardModel];

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        using var models = new ReferencedPolicy(context, Method.Training, Training.Reference.RefModel);
        var (all, hash) = DataSource.Prompts(Prompts, Rows, context);
        var split = Evaluation.HeldOutPrompts is null
            ? Split.ByPrompt(all, 0.05, context.Seed.For("split"))
            : new SplitData<Prompt>(all, []);
        var pool = Pool(split.Training, models);
        return await Training.RunAsync(
            this,
            models,
            Method.Training,
            split.HeldOut,
            evaluation => TrainAsync(models, pool, hash, evaluation, cancel),
            cancel
        );
    }

    /// <summary>The prompts that leave room for an answer.</summary>
    /// <exception cref="DataException">None does.</exception>
    private PromptPool Pool(ImmutableArray<Prompt> prompts, ReferencedPolicy models)
    {
        var longest = models.ContextLength;
        var pool = new PromptPool(new AnswerRoom(longest, Evaluation.MaxNewTokens).Fitting(prompts, models.Encoder));
        if (pool.Count < prompts.Length)
        {
            models.Context.Note(
                $"{Prompts}: {prompts.Length - pool.Count} of {prompts.Length} prompts left out: no room for "
                    + $"{Evaluation.MaxNewTokens} new tokens in the {longest} of policy and reference"
            );
        }

        return pool.Count > 0
            ? pool
            : throw new DataException(
                $"{Prompts}: no prompt leaves room for {Evaluation.MaxNewTokens} new tokens in the {longest} of policy and reference. "
                    + "Lower max_new_tokens."
            );
    }

    private async Task<TrainingOutcome> TrainAsync(
        ReferencedPolicy models,
        PromptPool pool,
        DataHash hash,
        StageEvaluation evaluation,
        CancellationToken cancel
    )
    {
        using var sampler = new LocalSampler();
        // Its own copy: iterated DPO moves it, and that of the evaluation must stay.
        using var reference = models.Reference.Copy();
        var folder = Evaluation.RewardModel ?? models.Context.Artifacts.Reward;
        using var owned = new Owned();
        var scored = Judge == JudgeKind.Reward ? ModelTerm.Open(Kind, folder!, models.Encoder, owned.Things) : null;
        var (asked, client) = Judge == JudgeKind.Model ? JudgeModel.Open() : (null, null);
        using var closing = client;
        var experience = new OnlineDpoExperience(Method)
        {
            Policy = models.Policy,
            Reference = reference,
            Prompts = pool,
            Sampler = sampler,
            Sampling = Evaluation.Sampling(models.Encoder),
            Judge = asked ?? BuildJudge(models, scored),
            Decode = (prompt, sequence) => models.Encoder.DecodeAnswer(prompt, sequence.Answer),
            Evaluation = evaluation.Evaluation,
            Validation = Method.Training.KeepBest ? evaluation.Validation : null,
        };
        if (Method.Training.KeepBest && evaluation is { Evaluation.Proxy: not null, Validation: null })
        {
            models.Context.Note(
                $"{Kind}: which weights are best is judged on the {evaluation.Evaluation.Prompts.Count} held-out prompts that the final "
                    + "figures use, which flatters them: there are no others. Give more held-out prompts than evaluation_prompts"
            );
        }

        var objective = OnlineDpoExperience.Objective(Method, models.Policy);
        var progress = await models.Context.FitAsync(objective, experience, Method.Training, [hash], "online DPO", cancel);
        string[] notes =
        [
            .. asked is null ? Array.Empty<string>() : [asked.Tally.Describe(asked.Name)],
            .. (scored?.Notes ?? []).Select(note => $"as judge, {note}"),
        ];
        Array.ForEach(notes, models.Context.Note);
        return new TrainingOutcome(progress, new Dictionary<string, double>());
    }

    private IFeedbackSource BuildJudge(ReferencedPolicy models, IReward? reward) =>
        reward is null
            ? new SimulatedSource(
                new SimulatedAnnotators(Utilities.Named(Utility), Annotators.ToOptions(), models.Context.Seed.For("annotators"))
            )
            : new RewardJudge(reward, models.Encoder)
            {
                Rules = (score, answer) => Method.Scores.Of(score, answer, Evaluation.MaxNewTokens),
            };
}
