using System.Collections.Immutable;
using Attune.Algorithms.Policy;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Learning.Batches;
using Attune.Learning.Contracts;
using Attune.Learning.Evaluation;
using Attune.Learning.Rollouts;
using Attune.Models;
using Attune.Testing;
using Attune.Text.Tokenizers;

namespace Attune.Algorithms.Tests.Loop;

/// <summary>PPO on a tiny random policy, with all its parts in reach.</summary>
internal sealed class TinyPpo : IDisposable
{
    public const int EndToken = 0;

    private readonly LocalSampler _sampler = new();
    private readonly ScalarModel? _critic;

    public TinyPpo(PpoOptions options, ulong seed = 7, IReward? reward = null, ISampler? sampler = null, bool exam = false, IReward? gold = null)
    {
        Options = options;
        Policy = TinyModels.Language(seed, precision: options.Precision);
        Reference = Policy.Copy();
        _critic = options.ValueNetwork == ValueNetwork.SharedTrunk ? null : new ScalarModel(Policy, new Seed(seed));
        if (options.FrozenLayers > 0)
        {
            Policy.Weights.Freeze(options.FrozenLayers);
            _critic?.Weights.Freeze(options.FrozenLayers);
            Shared = options.SharedStatesMb == 0 ? null : new LowerStates(Policy, options.FrozenLayers, options.SharedStatesMb * 1_000_000L);
            Assert.True(Shared?.Share(Reference) ?? true);
            Assert.True(_critic is null || (Shared?.Share(_critic) ?? true));
        }

        Value = _critic is null ? new ValueFunction.SharedTrunk(Policy.Config.Width) : new ValueFunction.Separate(_critic, Shared);
        Objective = new Ppo.Objective(options, Policy, Value) { Shared = Shared };
        reward ??= new EvenTokens();
        Sampling = new SamplingOptions { Temperature = options.Temperature, MaxNewTokens = options.MaxNewTokens, EndToken = EndToken };
        var prompts = new PromptPool(Prompts);
        Experience = new PpoExperience(options)
        {
            Policy = Policy,
            Reference = Reference,
            Value = Value,
            Prompts = prompts,
            Sampler = sampler ?? _sampler,
            Sampling = Sampling,
            Reward = reward,
            Shared = Shared,
            Pretraining = TinyData.Sequences(20, seed: 21),
            Exam = !exam ? null : new PolicyExam
            {
                Prompts = prompts,
                Count = 4,
                Sampler = sampler ?? _sampler,
                Sampling = Sampling,
                Proxy = reward,
                Gold = gold ?? new EvenTokens(),
                Reference = Reference,
                Shared = Shared,
                Pretrained = Reference,
                Tokenizer = new NumberTokenizer(),
                Seed = new Seed(seed),
            },
        };
    }

    /// <summary>Two rounds of 16 answers, two epochs of two minibatches.</summary>
    public static PpoOptions Small { get; } = new()
    {
        TotalEpisodes = 32,
        RolloutBatchSize = 16,
        BatchSize = 8,
        PpoEpochs = 2,
        LearningRate = 3e-3,
        MaxNewTokens = 6,
        Temperature = 0.9,
        EvaluateEvery = 1,
        EvaluationPrompts = 4,
    };

    public PpoOptions Options { get; }
    public LanguageModel Policy { get; }
    public LanguageModel Reference { get; }
    public ValueFunction Value { get; }
    public LowerStates? Shared { get; }
    public Ppo.Objective Objective { get; }
    public PpoExperience Experience { get; }
    public SamplingOptions Sampling { get; }

    private static IReadOnlyList<(Prompt Prompt, ImmutableArray<int> Tokens)> Prompts { get; } =
        [.. TinyData.Sequences(6, seed: 22).Select(s => s.Tokens[..s.AnswerStart]).Select(t => ((Prompt)new Prompt.Text(string.Join(' ', t)), t))];

    public void Dispose()
    {
        Value.Weights.Dispose();
        Shared?.Dispose();
        _critic?.Dispose();
        _sampler.Dispose();
        Policy.Dispose();
        Reference.Dispose();
    }

    /// <summary>The share of even tokens, the end token among them, as a reward by an ensemble of two that disagree a little.</summary>
    public sealed class EvenTokens : IReward
    {
        public string Name => "even tokens";

        public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
        {
            cancel.ThrowIfCancellationRequested();
            return ValueTask.FromResult<IReadOnlyList<Score>>(
                [.. rollouts.Select(r => Score.Outcome(r, (double)TinyData.EvenTokens(r.Sequence) / r.Sequence.AnswerLength, Name) with { Spread = 0.1 + 0.01 * r.Sequence.AnswerLength })]);
        }
    }

    /// <summary>Tokens are their numbers.</summary>
    private sealed class NumberTokenizer : ITokenizer
    {
        public int VocabularySize => 20;

        public int? BeginToken => null;

        int ITokenizer.EndToken => TinyPpo.EndToken;

        public int PadToken => 20;

        public ImmutableArray<int> Encode(string text) => [.. text.Split(' ').Select(int.Parse)];

        public string Decode(ReadOnlySpan<int> tokens) => string.Join(' ', tokens.ToArray());

        public void Save(string directory) => throw new NotSupportedException();
    }
}
