using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Data.Order;
using Attune.Methods;
using Attune.Methods.Preference;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;
using Attune.Training.Rewards;
using Attune.Training.Rollouts;
using Attune.Worlds.Annotators;

namespace Attune.Recipes.Stages.Direct;

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
public sealed record OnlineDpoStage : EvaluatedStage
{
    [Description("prompts to answer: any file with prompts, or reviews:prompts")]
    public required string Prompts { get; init; }

    [Description("prompts to use; 0 for all of a file")]
    [Range(0, int.MaxValue)]
    public int Rows { get; init; }

    [Description(
        "who judges: annotators (simulated), reward (reward_model, or that of the reward stage before) or model (judge_model, "
            + "a language model)"
    )]
    public JudgeKind Judge { get; init; } = JudgeKind.Annotators;

    [Description("what the simulated annotators want: reviews")]
    public string Utility { get; init; } = "reviews";

    [Description("how the simulated annotators see and err")]
    public AnnotatorKeys Annotators { get; init; } = new();

    [Description("model only: which, and how it is asked")]
    public JudgeModelKeys JudgeModel { get; init; } = new();

    [Flatten]
    public OnlineDpoOptions Method { get; init; } = new();

    internal override TrainingOptions Options => Method.Training;

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingModels(given),
            .. DataSource.Missing("online-dpo.prompts", Prompts, Rows),
            .. Utilities.Missing("online-dpo.utility", Utility),
            .. Judge == JudgeKind.Model ? JudgeModel.Missing("online-dpo.judge_model") : [],
            .. Judge == JudgeKind.Reward && !given.Reward && Evaluation.RewardModel is null
                ? ["online-dpo.judge is reward, but there is none: no reward stage comes before and reward_model is not given."]
                : Array.Empty<string>(),
        ];

    internal override IEnumerable<string?> LearnsFrom(Artifacts given) =>
        [given.Policy, Judge == JudgeKind.Reward && Evaluation.RewardModel is null ? given.Reward : null];

    internal override IEnumerable<string?> OnlyMeasuresWith => Judge == JudgeKind.Reward ? [] : base.OnlyMeasuresWith;

    internal override ReadyTraining Prepare(Workplace place)
    {
        var (all, hash) = DataSource.Prompts(Prompts, Rows, place.Room);
        var split = Evaluation.HeldOutPrompts is null
            ? Split.ByPrompt(all, 0.05, place.Room.Seed.For("split"))
            : new SplitData<Core.Conversations.Prompt>(all, []);
        var context = place.Policy.Config.ContextLength;
        var pool = new PromptPool([
            .. split
                .Training.Select(p => (p, place.Encoder.EncodePrompt(p)))
                .Where(p => p.Item2.Length + Evaluation.MaxNewTokens <= context),
        ]);
        if (pool.Count < split.Training.Length)
        {
            place.Room.Note(
                $"{Prompts}: {split.Training.Length - pool.Count} of {split.Training.Length} prompts left out: no room for "
                    + $"{Evaluation.MaxNewTokens} new tokens in the model's {context}"
            );
        }

        if (pool.Count == 0)
        {
            throw new DataException(
                $"{Prompts}: no prompt leaves room for {Evaluation.MaxNewTokens} new tokens in the model's {context}. Lower max_new_tokens."
            );
        }

        return new ReadyTraining(
            split.HeldOut,
            async (evaluation, cancel) =>
            {
                using var sampler = new LocalSampler();
                // Its own copy: iterated DPO moves it, and the exam's must stay.
                using var reference = place.Reference.Copy();
                var folder = Evaluation.RewardModel ?? place.Room.Artifacts.Reward;
                using var reward = Judge == JudgeKind.Reward ? RewardModel.Load(folder!) : null;
                var (asked, client) = Judge == JudgeKind.Model ? JudgeModel.Open() : (null, null);
                using var closing = client;
                var scored = reward is null ? null : ModelTerm.Reading(reward, folder!, place.Encoder);
                var experience = new OnlineDpoExperience(Method)
                {
                    Policy = place.Policy,
                    Reference = reference,
                    Prompts = pool,
                    Sampler = sampler,
                    Sampling = new SamplingOptions
                    {
                        Temperature = Evaluation.Temperature,
                        MaxNewTokens = Evaluation.MaxNewTokens,
                        EndToken = place.Encoder.Tokenizer.EndToken,
                    },
                    Judge = asked ?? BuildJudge(place, scored),
                    Decode = (prompt, sequence) => place.Encoder.DecodeAnswer(prompt, sequence.Answer),
                    Evaluation = evaluation.Evaluation,
                };
                var progress = await place.Room.FitAsync(
                    OnlineDpoExperience.Objective(Method, place.Policy),
                    experience,
                    Method.Training,
                    [hash],
                    "online DPO",
                    cancel
                );
                if (asked is not null)
                {
                    place.Room.Note(asked.Tally.Describe(asked.Name));
                }

                foreach (var note in scored?.Notes ?? [])
                {
                    place.Room.Note($"as judge, {note}");
                }

                return progress;
            }
        );
    }

    private IFeedbackSource BuildJudge(Workplace place, IReward? reward) =>
        reward is null
            ? new SimulatedSource(
                new SimulatedAnnotators(Utilities.Named(Utility), Annotators.ToOptions(), place.Room.Seed.For("annotators"))
            )
            : new RewardJudge(reward, place.Encoder.Encode);
}
