using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Data.Encoding;
using Attune.Data.Order;
using Attune.Models.Weights;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Batches;
using Attune.Training.Checkpoints;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;
using Attune.Training.Rewards;

namespace Attune.Recipes.Stages;

/// <summary>What a policy is to get better at: the prompts it answers, and who judges the answers.</summary>
public sealed record PolicyTask
{
    [Description("prompts to answer: a file with prompts, or reviews:prompts")]
    public required string Prompts { get; init; }

    [Description("prompts to use, drawn at random; 0 for all of a file")]
    [Range(0, int.MaxValue)]
    public int Rows { get; init; }

    [Description("held-out prompts to measure with (default: a twentieth of the prompts)")]
    public string? HeldOutPrompts { get; init; }

    [Description("folder of a reward model (default: that of an earlier reward stage)")]
    public string? RewardModel { get; init; }

    [Description(
        "what else to measure held-out answers with, never used in training: the hidden utility reviews, or the folder of a second "
            + "reward model or classifier (default: the utility of the simulated annotators)"
    )]
    public string? Gold { get; init; }

    [Description("terms of the reward (default: the trained reward model alone)")]
    public ImmutableArray<RewardTerm> Reward { get; init; } = [];

    [Description("number of tokens to keep of each prompt, from its start; 0 keeps all; turns plain texts into prompts")]
    [Range(0, 100_000)]
    public int PromptTokens { get; init; }

    private ImmutableArray<RewardTerm> Terms => Reward.IsEmpty ? [new ModelTerm { Model = ModelTerm.Trained }] : Reward;

    /// <summary>What will not be found, each one sentence.</summary>
    /// <param name="kind">The stage, for messages.</param>
    internal IEnumerable<string> Missing(string kind, int evaluationPrompts, PlannedArtifacts given) =>
        [
            .. DataSource.Missing($"{kind}.prompts", Prompts, Rows),
            .. HeldOutPrompts is { } source ? DataSource.Missing($"{kind}.held_out_prompts", source, evaluationPrompts) : [],
            .. Utilities.MissingJudge($"{kind}.gold", Gold),
            .. RewardModel is { } folder && !Directory.Exists(folder)
                ? [$"{kind}.reward_model: {folder} is not a folder; expected a reward model's."]
                : Array.Empty<string>(),
            .. Terms.SelectMany(t => t.Missing(new RewardPlan(kind, HasRewardModel(given)) { HasSpanModels = given.SpanModels })),
        ];

    /// <summary>Whether there will be a learned reward to use.</summary>
    internal bool HasRewardModel(PlannedArtifacts given) => given.Reward || RewardModel is not null;

    /// <summary>The learned reward's folder, if there is one.</summary>
    internal string? RewardFolder(StageContext context) => RewardModel ?? context.Artifacts.Reward;

    /// <summary>What the answers are judged by.</summary>
    /// <param name="owned">Takes what must be disposed in the end.</param>
    /// <param name="shared">Lower states of the policy; null where nothing is shared.</param>
    /// <param name="trained">What a term 'trained' means, where it is not the reward stage's model.</param>
    internal IReward BuildReward(
        string kind,
        StageContext context,
        Encoder encoder,
        ICollection<IDisposable> owned,
        IReward? trained,
        FrozenLayerCache? shared,
        Precision precision
    ) =>
        RewardTerm.Sum(
            Terms,
            new RewardContext
            {
                Stage = kind,
                Encoder = encoder,
                Owned = owned,
                TrainedFolder = RewardFolder(context),
                SpanFolder = context.Artifacts.SpanModels,
                Trained = trained,
                Shared = shared,
                Precision = precision,
            }
        );

    /// <summary>What judges held-out answers and is never optimised; null where nothing is known.</summary>
    /// <param name="owned">Takes what must be disposed in the end.</param>
    internal IReward? BuildGold(string kind, StageContext context, Encoder encoder, ICollection<IDisposable> owned) =>
        UtilityIn(context) is { } name ? Utilities.AsJudge(kind, name, encoder, owned) : null;

    /// <summary>The name of the hidden utility, or the folder of what judges in its place; null where none is known.</summary>
    internal string? UtilityIn(StageContext context) => Gold ?? context.Artifacts.Utility;

    /// <exception cref="DataException">Too few prompts to learn from and to measure with.</exception>
    internal (PromptPool Prompts, PromptPool HeldOut, DataHash Hash) LoadPrompts(
        StageContext context,
        Encoder encoder,
        int evaluationPrompts
    )
    {
        var (all, hash) = DataSource.Prompts(Prompts, Rows, context);
        var split = HeldOutPrompts is { } source
            ? new SplitData<Prompt>(all, DataSource.Prompts(source, DataSource.IsWorld(source) ? evaluationPrompts : 0, context).Items)
            : Split.ByPrompt(all, 0.05, context.Seed.For("split"));
        if (split.Training.IsEmpty || split.HeldOut.IsEmpty)
        {
            throw new DataException(
                $"{Prompts}: {split.Training.Length} prompts to train on and {split.HeldOut.Length} held out; at least one of "
                    + "each is needed."
            );
        }

        PromptPool Pool(ImmutableArray<Prompt> prompts) => new([.. prompts.Select(p => (p, Shorten(encoder.EncodePrompt(p))))]);
        return (Pool(split.Training), Pool(split.HeldOut), hash);
    }

    private ImmutableArray<int> Shorten(ImmutableArray<int> tokens) =>
        PromptTokens > 0 && tokens.Length > PromptTokens ? tokens[..PromptTokens] : tokens;
}
