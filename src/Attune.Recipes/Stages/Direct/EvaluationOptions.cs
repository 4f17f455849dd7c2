using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;
using Attune.Training.Rewards;
using Attune.Training.Rollouts;

namespace Attune.Recipes.Stages.Direct;

/// <summary>How a policy is examined before and after training: fresh answers to held-out prompts, as for PPO.</summary>
public sealed record EvaluationOptions
{
    [Description("prompts to answer before and after training: a file, or reviews:held-out-prompts; left out, those of the held-out data")]
    public string? HeldOutPrompts { get; init; }

    [Description("held-out prompts to answer before and after; 0 for none")]
    [Range(0, 100_000)]
    public int EvaluationPrompts { get; init; } = 64;

    [Description("longest answer, tokens")]
    [Range(1, 100_000)]
    public int MaxNewTokens { get; init; } = 64;

    [Description("sampling temperature")]
    [Range(0.01, 100)]
    public double Temperature { get; init; } = 1;

    [Description("hidden utility to measure those answers with, never trained on: reviews; left out, that of the simulated annotators")]
    public string? Gold { get; init; }

    [Description("folder of a reward model to measure those answers with; left out, the one that a reward stage before trained")]
    public string? RewardModel { get; init; }

    internal IEnumerable<string> Missing(string kind) =>
        [
            .. HeldOutPrompts is { } source ? DataSource.Missing($"{kind}.held_out_prompts", source, EvaluationPrompts) : [],
            .. Utilities.Missing($"{kind}.gold", Gold),
            .. RewardModel is { } folder && !Directory.Exists(folder)
                ? [$"{kind}.reward_model: {folder} is not a folder; expected a reward model's."]
                : Array.Empty<string>(),
        ];

    /// <param name="fallback">Prompts to take where none are named.</param>
    internal StageEvaluation Open(string kind, StageContext room, Encoder encoder, LanguageModel reference, IEnumerable<Prompt> fallback)
    {
        var prompts =
            EvaluationPrompts == 0 ? []
            : HeldOutPrompts is { } source ? DataSource.Prompts(source, DataSource.IsWorld(source) ? EvaluationPrompts : 0, room).Items
            : [.. fallback.DistinctBy(p => p.Key)];
        var rewardFolder = RewardModel ?? room.Artifacts.Reward;
        using var owned = new Owned();
        var proxy = rewardFolder is null || prompts.IsEmpty ? null : owned.Add(Training.Rewards.RewardModel.Load(rewardFolder));
        var pretrained =
            room.Artifacts.PretrainedApart is { } folder && !prompts.IsEmpty ? owned.Add(ModelFiles.LoadLanguageModel(folder)) : null;
        var context = Math.Min(
            reference.Config.ContextLength,
            Math.Min(pretrained?.Config.ContextLength ?? int.MaxValue, proxy?.Members[0].Config.ContextLength ?? int.MaxValue)
        );
        var fitting = prompts
            .Select(p => (Prompt: p, Tokens: encoder.EncodePrompt(p)))
            .Where(p => p.Tokens.Length + MaxNewTokens <= context)
            .ToImmutableArray();
        if (fitting.Length < Math.Min(EvaluationPrompts, prompts.Length))
        {
            room.Note(
                $"{fitting.Length} of {prompts.Length} held-out prompts leave room for {MaxNewTokens} new tokens in the model's "
                    + $"{context}; only those are answered before and after"
            );
        }

        if (fitting.IsEmpty)
        {
            return new StageEvaluation(kind, room, null, null, []);
        }

        var sampler = owned.Add(new LocalSampler());
        var evaluation = new PolicyEvaluation
        {
            Prompts = new PromptPool(fitting),
            Count = EvaluationPrompts,
            Sampler = sampler,
            Sampling = new SamplingOptions
            {
                Temperature = Temperature,
                MaxNewTokens = MaxNewTokens,
                EndToken = encoder.Tokenizer.EndToken,
            },
            Proxy = proxy is null ? null : ModelTerm.Reading(proxy, rewardFolder!, encoder),
            Gold = (Gold ?? room.Artifacts.Utility) is { } name ? Utilities.AsReward(name, encoder.Tokenizer) : null,
            Reference = reference,
            Pretrained = pretrained ?? reference,
            Tokenizer = encoder.Tokenizer,
            Seed = room.Seed,
        };
        return new StageEvaluation(kind, room, evaluation, sampler, owned.Release());
    }

    /// <summary>Disposes what was opened, should opening the rest fail.</summary>
    private sealed class Owned : IDisposable
    {
        private List<IDisposable> _things = [];

        public T Add<T>(T thing)
            where T : IDisposable
        {
            _things.Add(thing);
            return thing;
        }

        public List<IDisposable> Release() => Interlocked.Exchange(ref _things, []);

        public void Dispose() => _things.ForEach(t => t.Dispose());
    }
}

/// <summary>The exam of one stage; empty where there is no prompt to answer.</summary>
internal sealed class StageEvaluation(
    string kind,
    StageContext room,
    PolicyEvaluation? evaluation,
    ISampler? sampler,
    IReadOnlyList<IDisposable> owned
) : IDisposable
{
    private const int Shown = 8;

    public PolicyEvaluation? Evaluation => evaluation;

    public async Task<IReadOnlyList<EvaluatedAnswer>> EvaluateAsync(LanguageModel policy, long version, CancellationToken cancel)
    {
        if (evaluation is null)
        {
            return [];
        }

        await sampler!.UseWeightsAsync(policy, version, cancel);
        return await evaluation.EvaluateAsync(policy, cancel);
    }

    /// <summary>Figures without chance; none where answers cannot be enumerated.</summary>
    public async ValueTask<Metrics> ExactAsync(LanguageModel policy, CancellationToken cancel) =>
        evaluation is null ? new Metrics() : await evaluation.ExactAsync(policy, cancel);

    public void LogSamples(IReadOnlyList<EvaluatedAnswer> answers, long updates)
    {
        foreach (var answer in answers.Take(Shown))
        {
            room.LogSample(
                new SampleEvent(kind, updates, answer.PromptIndex, answer.Prompt, answer.Answer, answer.Gold, answer.Proxy, answer.LogRatio)
            );
        }
    }

    public void Dispose()
    {
        foreach (var thing in owned)
        {
            thing.Dispose();
        }
    }
}
