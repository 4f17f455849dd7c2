using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Evaluation;
using Attune.Training.Rewards;
using Attune.Training.Rollouts;

namespace Attune.Recipes.Stages;

/// <summary>How a policy is evaluated before and after training: fresh answers to held-out prompts, as for PPO.</summary>
public sealed record EvaluationOptions
{
    [Description("prompts to answer before and after training: a file, or reviews:held-out-prompts (default: those of the held-out data)")]
    public string? HeldOutPrompts { get; init; }

    [Description("held-out prompts to answer before and after training; 0 for none")]
    [Range(0, 100_000)]
    public int EvaluationPrompts { get; init; } = 64;

    [Description("longest answer, in tokens")]
    [Range(1, 100_000)]
    public int MaxNewTokens { get; init; } = 64;

    [Description("sampling temperature: below 1 more predictable, above 1 more varied")]
    [Range(0.01, 100)]
    public double Temperature { get; init; } = 1;

    [Description(
        "what else to measure those answers with, never used in training: the hidden utility reviews, or the folder of a second reward "
            + "model or classifier (default: the utility of the simulated annotators)"
    )]
    public string? Gold { get; init; }

    [Description("folder of a reward model to measure those answers with (default: that of an earlier reward stage)")]
    public string? RewardModel { get; init; }

    internal IEnumerable<string> Missing(string kind) =>
        [
            .. HeldOutPrompts is { } source ? DataSource.Missing($"{kind}.held_out_prompts", source, EvaluationPrompts) : [],
            .. Utilities.MissingJudge($"{kind}.gold", Gold),
            .. RewardModel is { } folder && !Directory.Exists(folder)
                ? [$"{kind}.reward_model: {folder} is not a folder; expected a reward model's."]
                : Array.Empty<string>(),
        ];

    /// <param name="fallback">Prompts to take where none are named.</param>
    internal StageEvaluation Open(string kind, StageContext context, Encoder encoder, LanguageModel reference, IEnumerable<Prompt> fallback)
    {
        var prompts =
            EvaluationPrompts == 0 ? []
            : HeldOutPrompts is { } source ? DataSource.Prompts(source, DataSource.IsWorld(source) ? EvaluationPrompts : 0, context).Items
            : [.. fallback.DistinctBy(p => p.Key)];
        var rewardFolder = RewardModel ?? context.Artifacts.Reward;
        using var owned = new Owned();
        var proxy = rewardFolder is null || prompts.IsEmpty ? null : ModelTerm.Open(kind, rewardFolder, encoder, owned.Things);
        var pretrained =
            context.Artifacts.PretrainedApart is { } folder && !prompts.IsEmpty ? owned.Add(ModelFiles.LoadLanguageModel(folder)) : null;
        int[] contexts = [reference.Config.ContextLength, pretrained?.Config.ContextLength ?? int.MaxValue, Longest(owned.Things)];
        var fitting = Fitting(prompts, encoder, contexts.Min(), context);
        if (fitting.IsEmpty)
        {
            return new StageEvaluation(kind, context, null, null, []);
        }

        var sampler = owned.Add(new LocalSampler());
        var utility = Gold ?? context.Artifacts.Utility;
        var gold = utility is null ? null : Utilities.AsJudge(kind, utility, encoder, owned.Things);
        PolicyEvaluation On(PromptPool pool) =>
            new()
            {
                Prompts = pool,
                Count = EvaluationPrompts,
                Sampler = sampler,
                Sampling = Sampling(encoder),
                Proxy = proxy,
                Gold = gold,
                HasUnknownWord = Utilities.UnknownWordsOf(utility),
                Reference = reference,
                Pretrained = pretrained ?? reference,
                Tokenizer = encoder.Tokenizer,
                Seed = context.Seed,
            };
        var all = new PromptPool(fitting);
        var others = all.Count > EvaluationPrompts ? On(all.From(EvaluationPrompts)) : null;
        return new StageEvaluation(kind, context, On(all), sampler, owned.Release()) { Validation = others };
    }

    /// <summary>The longest text that the reward model reads whole; encoders cut what is longer, and say so.</summary>
    private static int Longest(IEnumerable<IDisposable> opened) =>
        opened.OfType<RewardModel>().Select(r => r.Members[0].Config.ContextLength).DefaultIfEmpty(int.MaxValue).Min();

    /// <summary>How answers are sampled.</summary>
    internal SamplingOptions Sampling(Encoder encoder) =>
        new()
        {
            Temperature = Temperature,
            MaxNewTokens = MaxNewTokens,
            EndToken = encoder.Tokenizer.EndToken,
        };

    /// <summary>The prompts that leave room for an answer; what does not is noted.</summary>
    private ImmutableArray<(Prompt Prompt, ImmutableArray<int> Tokens)> Fitting(
        ImmutableArray<Prompt> prompts,
        Encoder encoder,
        int longest,
        StageContext context
    )
    {
        var fitting = new AnswerRoom(longest, MaxNewTokens).Fitting(prompts, encoder);
        if (fitting.Length < Math.Min(EvaluationPrompts, prompts.Length))
        {
            context.Note(
                $"{fitting.Length} of {prompts.Length} held-out prompts leave room for {MaxNewTokens} new tokens in the model's "
                    + $"{longest}; only those are answered before and after"
            );
        }

        return fitting;
    }
}
