using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Models.Architecture;
using Attune.Testing.Training;
using Attune.Text.Tokenizers;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;
using Attune.Training.Rollouts;

namespace Attune.Methods.Tests.Loop;

/// <summary>A tiny random policy with prompts, a reward and a sampler: what every method needs that learns from its own answers.</summary>
internal class TinyRollouts : IDisposable
{
    public const int EndToken = 0;

    private readonly LocalSampler _sampler = new();
    private readonly LanguageModel? _followed;
    private readonly MovingReference? _moving;

    public TinyRollouts(
        IPolicyOptions options,
        ulong seed = 7,
        IReward? reward = null,
        ISampler? sampler = null,
        bool evaluation = false,
        IReward? gold = null
    )
    {
        var fresh = TinyModels.Language(seed, precision: options.Training.Precision);
        (Policy, Reference) = options.Training.Lora.Config is { } adapter
            ? (fresh.Adapted(adapter, new Seed(seed)), fresh)
            : (fresh, fresh.Copy());
        if (options.Training.FrozenLayers > 0)
        {
            Policy.Weights.Freeze(options.Training.FrozenLayers);
            Shared =
                options.Rollouts.SharedStatesMb == 0
                    ? null
                    : new FrozenLayerCache(Policy, options.Training.FrozenLayers, options.Rollouts.SharedStatesMb * 1_000_000L);
            Assert.True(Shared?.Share(Reference) ?? true);
        }

        if (options.Kl is { Moves: { SyncRefModel: true } moves })
        {
            _followed = Reference.Copy();
            _moving = new MovingReference(moves, Policy, _followed);
        }

        reward ??= new EvenTokens();
        var sampling = new SamplingOptions
        {
            Temperature = options.Sampling.Temperature,
            MaxNewTokens = options.Sampling.MaxNewTokens,
            EndToken = EndToken,
        };
        var prompts = new PromptPool(Prompts);
        Parts = new RolloutContext
        {
            Policy = Policy,
            Reference = _followed ?? Reference,
            MovingReference = _moving,
            Prompts = prompts,
            Sampler = sampler ?? _sampler,
            Sampling = sampling,
            Reward = reward,
            Shared = Shared,
            Evaluation = !evaluation
                ? null
                : new PolicyEvaluation
                {
                    Prompts = prompts,
                    Count = 4,
                    Sampler = sampler ?? _sampler,
                    Sampling = sampling,
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

    public LanguageModel Policy { get; }
    public LanguageModel Reference { get; }
    public FrozenLayerCache? Shared { get; }
    public RolloutContext Parts { get; }

    private static IReadOnlyList<(Prompt Prompt, ImmutableArray<int> Tokens)> Prompts { get; } =
    [
        .. TinyData
            .Sequences(6, seed: 22)
            .Select(s => s.Tokens[..s.AnswerStart])
            .Select(t => ((Prompt)new Prompt.Text(string.Join(' ', t)), t)),
    ];

    public virtual void Dispose()
    {
        _sampler.Dispose();
        Shared?.Dispose();
        Policy.Dispose();
        _followed?.Dispose();
        Reference.Dispose();
    }

    /// <summary>The share of even tokens, the end token among them, as a reward by an ensemble of two that disagree a little.</summary>
    public sealed class EvenTokens : IReward
    {
        public string Name => "even tokens";

        public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
        {
            cancel.ThrowIfCancellationRequested();
            return ValueTask.FromResult<IReadOnlyList<Score>>([
                .. rollouts.Select(r =>
                    Score.Outcome(r, (double)TinyData.EvenTokens(r.Sequence) / r.Sequence.AnswerLength, Name) with
                    {
                        Spread = 0.1 + 0.01 * r.Sequence.AnswerLength,
                    }
                ),
            ]);
        }
    }

    /// <summary>Tokens are their numbers.</summary>
    private sealed class NumberTokenizer : ITokenizer
    {
        public int VocabularySize => 20;

        public int? BeginToken => null;

        int ITokenizer.EndToken => TinyRollouts.EndToken;

        public int PadToken => 20;

        public ImmutableArray<int> Encode(string text) => [.. text.Split(' ').Select(int.Parse)];

        public EncodedText EncodeWithOffsets(string text) => throw new NotSupportedException();

        public string Decode(ReadOnlySpan<int> tokens) => string.Join(' ', tokens.ToArray());

        public void Save(string directory) => throw new NotSupportedException();
    }
}
