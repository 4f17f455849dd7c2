using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Models.Architecture;
using Attune.Testing.Training;
using Attune.Training.Contracts;

namespace Attune.Methods.Tests.Loop;

/// <summary>PPO on a tiny random policy, with all its parts in reach.</summary>
internal sealed class TinyPpo : TinyRollouts
{
    private readonly ScalarModel? _critic;

    public TinyPpo(
        PpoOptions options,
        ulong seed = 7,
        IReward? reward = null,
        ISampler? sampler = null,
        bool evaluation = false,
        IReward? gold = null
    )
        : base(options, seed, reward, sampler, evaluation, gold)
    {
        Options = options;
        _critic =
            options.ValueNetwork == ValueNetwork.SharedTrunk ? null
            : options.Training.Lora.Config is { } adapter ? ScalarModel.Adapted(Reference, adapter, new Seed(seed))
            : new ScalarModel(Policy, new Seed(seed));
        if (options.Training.FrozenLayers > 0)
        {
            _critic?.Weights.Freeze(options.Training.FrozenLayers);
            Assert.True(_critic is null || (Shared?.Share(_critic) ?? true));
        }

        Value = _critic is null ? new ValueFunction.SharedTrunk(Policy.Config.Width) : new ValueFunction.Separate(_critic, Shared);
        Objective = new Ppo.Objective(options, Policy, Value) { Shared = Shared };
        Experience = new Ppo.Experience(options, Parts) { Value = Value, Pretraining = TinyData.Sequences(20, seed: 21) };
    }

    /// <summary>Two rounds of 16 answers, two epochs of two minibatches.</summary>
    public static PpoOptions Small { get; } =
        new()
        {
            Rollouts = new()
            {
                TotalEpisodes = 32,
                RolloutBatchSize = 16,
                EvaluateEvery = 1,
                EvaluationPrompts = 4,
            },
            PpoEpochs = 2,
            Sampling = new() { MaxNewTokens = 6, Temperature = 0.9 },
            Training = new PpoOptions().Training with { BatchSize = 8, LearningRate = 3e-3 },
        };

    public PpoOptions Options { get; }
    public ValueFunction Value { get; }
    public Ppo.Objective Objective { get; }
    public Ppo.Experience Experience { get; }

    public override void Dispose()
    {
        Value.Weights.Dispose();
        _critic?.Dispose();
        base.Dispose();
    }
}
