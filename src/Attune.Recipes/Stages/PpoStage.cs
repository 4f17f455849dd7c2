using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Attune.Algorithms.Policy;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Data.Order;
using Attune.Learning.Batches;
using Attune.Learning.Checkpoints;
using Attune.Learning.Contracts;
using Attune.Learning.Evaluation;
using Attune.Learning.Rewards;
using Attune.Learning.Rollouts;
using Attune.Models;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;

namespace Attune.Recipes.Stages;

/// <summary>Aligns the policy by PPO, and measures what it did on prompts that it never saw.</summary>
public sealed record PpoStage : Stage
{
    private const string NeedsValueNetwork =
        "ppo.value_network is reward-model, but there is none: no reward stage comes before and reward_model is not given. Use policy or shared-trunk.";

    private const string NeedsPretrainingData = "ppo.ptx_coefficient needs pretraining_data: texts of the pretraining distribution.";

    public override string Kind => "ppo";
    public override string Purpose => "maximise the reward, kept near the reference (PPO)";

    [Description("prompts to answer: any file with prompts, or reviews:prompts")]
    public required string Prompts { get; init; }

    [Description("prompts to use; 0 for all of a file")]
    [Range(0, int.MaxValue)]
    public int Rows { get; init; }

    [Description("held-out prompts to measure with; left out, a twentieth of the prompts is held out")]
    public string? HeldOutPrompts { get; init; }

    [Description("folder of a reward model; left out, the one that the reward stage before trained")]
    public string? RewardModel { get; init; }

    [Description("hidden utility to measure held-out answers with, never trained on: reviews; left out, that of the simulated annotators")]
    public string? Gold { get; init; }

    [Description("terms of the reward; left out, the trained reward model alone")]
    public ImmutableArray<RewardPart> Reward { get; init; } = [];

    [Description("texts of the pretraining distribution, for ptx_coefficient")]
    public string? PretrainingData { get; init; }

    [Description("pretraining texts to use; 0 for all of a file")]
    [Range(0, int.MaxValue)]
    public int PretrainingRows { get; init; }

    [Description("tokens of each prompt that are kept, from its start; 0 for all: turns plain texts into prompts")]
    [Range(0, 100_000)]
    public int PromptTokens { get; init; }

    [Flatten]
    public PpoOptions Training { get; init; } = new();

    public override IEnumerable<string> Missing(Supplies given) =>
    [
        .. MissingPolicy(given), .. DataSource.Missing("ppo.prompts", Prompts, Rows),
        .. HeldOutPrompts is { } source ? DataSource.Missing("ppo.held_out_prompts", source, Training.EvaluationPrompts) : [],
        .. Utilities.Missing("ppo.gold", Gold), .. MissingReward(given.Reward || RewardModel is not null),
        .. Training.PtxCoefficient > 0 && PretrainingData is null ? [NeedsPretrainingData] : Array.Empty<string>(),
        .. PretrainingData is { } texts ? DataSource.Missing("ppo.pretraining_data", texts, PretrainingRows) : [],
    ];

    public override Supplies After(Supplies given) => given;

    public override async Task<StageResult> RunAsync(StageRoom room, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        List<IDisposable> owned = [];
        try
        {
            return await RunAsync(room, owned, clock, cancel).ConfigureAwait(false);
        }
        finally
        {
            owned.ForEach(o => o.Dispose());
        }
    }

    private async Task<StageResult> RunAsync(StageRoom room, List<IDisposable> owned, Stopwatch clock, CancellationToken cancel)
    {
        T Own<T>(T thing) where T : IDisposable
        {
            owned.Add(thing);
            return thing;
        }

        var encoder = room.LoadEncoder();
        var (prompts, heldOut, hash) = LoadPrompts(room, encoder);
        var policy = Own(room.LoadPolicy(Training.Precision));
        var reference = Own(policy.Copy());
        var pretrained = room.Handover.Pretrained is { } folder && folder != room.Handover.Policy ? Own(ModelFiles.LoadLanguageModel(folder)) : reference;
        room.FreezeLayers(policy, Training);
        var shared = Training is { FrozenLayers: > 0, SharedStatesMb: > 0 } ? Own(new LowerStates(policy, Training.FrozenLayers, Training.SharedStatesMb * 1_000_000L)) : null;
        var reward = BuildReward(room, encoder, shared, owned);
        var value = BuildValue(room, policy, shared, owned);
        shared?.Share(reference);
        shared?.Share(pretrained);
        var sampler = Own(new LocalSampler());
        var sampling = new SamplingOptions { Temperature = Training.Temperature, MaxNewTokens = Training.MaxNewTokens, EndToken = encoder.Tokenizer.EndToken, BatchSize = 64 };
        CheckContext([.. owned.OfType<TransformerModel>(), .. owned.OfType<RewardModel>().SelectMany(r => r.Members)], prompts, heldOut);
        var exam = new PolicyExam
        {
            Prompts = heldOut,
            Count = Training.EvaluationPrompts,
            Sampler = sampler,
            Sampling = sampling,
            Proxy = reward,
            Gold = (Gold ?? room.Handover.Utility) is { } name ? GoldReward(name, encoder) : null,
            Reference = reference,
            Pretrained = pretrained,
            Shared = shared,
            Tokenizer = encoder.Tokenizer,
            Seed = room.Seed,
            Beta = Training.KlController == KlController.Fixed ? Training.KlCoefficient : null,
        };
        var looking = Stopwatch.StartNew();
        await sampler.UseWeightsAsync(reference, 0, cancel).ConfigureAwait(false);
        var before = await exam.SitAsync(reference, cancel).ConfigureAwait(false);
        var exactBefore = await exam.ExactAsync(reference, cancel).ConfigureAwait(false);
        looking.Stop();
        var experience = new PpoExperience(Training)
        {
            Policy = policy,
            Reference = reference,
            Value = value,
            Prompts = prompts,
            Sampler = sampler,
            Sampling = sampling,
            Reward = reward,
            Shared = shared,
            Exam = exam,
            Pretraining = LoadPretraining(room, encoder, policy.Config.ContextLength),
        };
        var progress = await room.FitAsync(new Ppo.Objective(Training, policy, value) { Shared = shared }, experience, Training, [hash], "PPO", cancel).ConfigureAwait(false);
        looking.Start();
        await sampler.UseWeightsAsync(policy, progress.Updates, cancel).ConfigureAwait(false);
        var after = await exam.SitAsync(policy, cancel).ConfigureAwait(false);
        var summary = PolicyExam.Summarise(after);
        var exact = await exam.ExactAsync(policy, cancel).ConfigureAwait(false);
        summary.Add(exact);
        summary.Set("time/exam", looking.Elapsed.TotalSeconds);      // before and after; the looks between are told with their rounds
        room.LogEvaluation(progress, summary);
        foreach (var answer in after.Take(8))
        {
            room.LogSample(new SampleEvent(Kind, progress.Updates, answer.PromptIndex, answer.Prompt, answer.Answer, answer.Gold, answer.Proxy, answer.LogRatio));
        }

        ModelFiles.Save(policy, room.FinalFolder);
        encoder.Tokenizer.Save(room.FinalFolder);
        room.Handover = room.Handover with { Policy = room.FinalFolder };
        return new StageResult(Kind, clock.Elapsed.TotalSeconds, AlignmentFigures.Of(before, after, progress).WithExact(exactBefore, exact)) { Notes = room.Notes };
    }

    private IEnumerable<string> MissingReward(bool thereIsAModel)
    {
        if (RewardModel is { } folder && !Directory.Exists(folder))
        {
            yield return $"ppo.reward_model: {folder} is not a folder; expected a reward model's.";
        }

        foreach (var problem in Parts.SelectMany(p => p.Missing(thereIsAModel)))
        {
            yield return problem;
        }

        if (Training.ValueNetwork == ValueNetwork.RewardModel && !thereIsAModel)
        {
            yield return NeedsValueNetwork;
        }
    }

    private (PromptPool Prompts, PromptPool HeldOut, DataHash Hash) LoadPrompts(StageRoom room, Encoder encoder)
    {
        var (all, hash) = DataSource.Prompts(Prompts, Rows, room);
        var split = HeldOutPrompts is { } source
            ? new SplitData<Prompt>(all, DataSource.Prompts(source, DataSource.IsWorld(source) ? Training.EvaluationPrompts : 0, room).Items)
            : Split.ByPrompt(all, 0.05, room.Seed.For("split"));
        if (split.Training.IsEmpty || split.HeldOut.IsEmpty)
        {
            throw new DataException($"{Prompts}: {split.Training.Length} prompts to train on and {split.HeldOut.Length} held out; at least one of each is needed.");
        }

        PromptPool Pool(ImmutableArray<Prompt> prompts) => new([.. prompts.Select(p => (p, Shorten(encoder.EncodePrompt(p))))]);
        return (Pool(split.Training), Pool(split.HeldOut), hash);
    }

    private ImmutableArray<int> Shorten(ImmutableArray<int> tokens) => PromptTokens > 0 && tokens.Length > PromptTokens ? tokens[..PromptTokens] : tokens;

    private void CheckContext(IEnumerable<TransformerModel> readers, params PromptPool[] pools)
    {
        var context = readers.Min(r => r.Config.ContextLength);
        var longest = pools.Max(p => Enumerable.Range(0, p.Count).Max(i => p.Request(i, default).Prompt.Length));
        if (longest + Training.MaxNewTokens > context)
        {
            throw new PlanException(
                $"ppo: the longest prompt has {longest} tokens and max_new_tokens is {Training.MaxNewTokens}, but the model (or its reward model, value network or reference) reads {context}. Lower max_new_tokens or set prompt_tokens.");
        }
    }

    private ImmutableArray<RewardPart> Parts => Reward.IsEmpty ? [new RewardPart { Model = RewardPart.Trained }] : Reward;

    private IReward BuildReward(StageRoom room, Encoder encoder, LowerStates? shared, List<IDisposable> owned)
    {
        var built = Parts.Select(p => (p.Build(encoder.Tokenizer, RewardModel ?? room.Handover.Reward, owned, shared), p.Weight)).ToArray();
        return built.Length == 1 && built[0].Weight == 1 ? built[0].Item1 : new WeightedReward(built);
    }

    private ValueFunction BuildValue(StageRoom room, LanguageModel policy, LowerStates? shared, List<IDisposable> owned)
    {
        switch (Training.ValueNetwork)
        {
            case ValueNetwork.SharedTrunk:
                return new ValueFunction.SharedTrunk(policy.Config.Width);
            case ValueNetwork.RewardModel when (RewardModel ?? room.Handover.Reward) is { } folder:
                var critic = ModelFiles.LoadScalarModel(folder, Training.Precision);
                owned.Add(critic);
                room.FreezeLayers(critic, Training);
                shared?.Share(critic);
                return new ValueFunction.Separate(critic, shared);
            case ValueNetwork.RewardModel:
                throw new PlanException(NeedsValueNetwork);
            default:
                var fresh = new ScalarModel(policy, room.Seed.For("critic"));
                owned.Add(fresh);
                room.FreezeLayers(fresh, Training);
                shared?.Share(fresh);
                return new ValueFunction.Separate(fresh, shared);
        }
    }

    private static TextReward GoldReward(string name, Encoder encoder)
    {
        var utility = Utilities.Named(name);
        return new TextReward("gold", encoder.Tokenizer, (prompt, answer) => utility.Of(prompt, answer).Total);
    }

    private ImmutableArray<TokenSequence> LoadPretraining(StageRoom room, Encoder encoder, int context)
    {
        if (Training.PtxCoefficient == 0)
        {
            return [];
        }

        var source = PretrainingData ?? throw new PlanException(NeedsPretrainingData);
        return encoder.EncodeAll(DataSource.Documents(source, PretrainingRows, room).Items, Math.Min(1024, context)).Items;
    }
}
