using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;

namespace Attune.Methods.Policy;

/// <summary>
/// Proximal policy optimisation for language models. Defaults are TRL's, which follow Huang et al. 2024 (arXiv:2403.17031).
/// </summary>
[Method(
    "ppo",
    "PPO",
    "align a model with a reward by PPO",
    Paper = "Schulman et al. 2017 (arXiv:1707.06347); Ziegler et al. 2019 (arXiv:1909.08593)",
    Example = "attune ppo --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/ppo"
)]
public sealed partial record PpoOptions : IPolicyOptions, IValidatableObject
{
    [Description("settings of a paper: ziegler-2019, stiennon-2020, instructgpt-2022 or trl; other options override them")]
    public string? Preset { get; init; }

    [Description("passes over each round's answers")]
    [Range(1, 100)]
    public int PpoEpochs { get; init; } = 4;

    [Flatten]
    public ClipOptions Clip { get; init; } = new();

    [Description("distance of a value from its old value at which its loss is clipped")]
    [Range(0.001, 1000)]
    public double ValueClipRange { get; init; } = 0.2;

    [Description("weight of the value loss")]
    [Range(0, 1000)]
    public double ValueCoefficient { get; init; } = 0.1;

    [Description("discount factor")]
    [Range(0, 1)]
    public double Gamma { get; init; } = 1;

    [Description("GAE's lambda")]
    [Range(0, 1)]
    public double Lambda { get; init; } = 0.95;

    [Description("divide the round's rewards by their standard deviation, keeping their mean")]
    public bool WhitenRewards { get; init; }

    [Description("whiten advantages over the batch, over each minibatch, or not at all")]
    public AdvantageWhitening AdvantageWhitening { get; init; } = AdvantageWhitening.Batch;

    [Description("whiten by the sample variance (divisor n - 1), as TRL does, instead of the population's")]
    public bool SampleVariance { get; init; }

    [Description(
        "average token losses over each microbatch first, as TRL does where it accumulates gradients; results then depend on "
            + "microbatch_size"
    )]
    public bool MicrobatchMean { get; init; }

    [Description("skip the loss of a microbatch whose mean probability ratio exceeds this (TRL's classic trainer: 10); 0 for never")]
    [Range(0, 1e9)]
    public double RatioThreshold { get; init; }

    [Description(
        "drop the remaining passes over a round when its last minibatch has lost more than 1.5 times this many nats a token since "
            + "the answers were sampled; 0 for never"
    )]
    [Range(0, 1000)]
    public double TargetKl { get; init; }

    [Description("start of the value network: reward-model, policy, or shared-trunk (a head on the policy)")]
    public ValueNetwork ValueNetwork { get; init; } = ValueNetwork.RewardModel;

    [Flatten]
    public CriticOptions Critic { get; init; } = new();

    [Description("weight of the pretraining loss (PPO-ptx, InstructGPT eq. 2); 0 for none")]
    [Range(0, 1e4)]
    public double PtxCoefficient { get; init; }

    [Description("pretraining texts learned beside each answer, with ptx_coefficient")]
    [Range(1, 1000)]
    public int PtxTexts { get; init; } = 1;

    [Flatten]
    public EntropyOptions Entropy { get; init; } = new();

    [Flatten]
    public KlOptions Kl { get; init; } = new();

    [Flatten]
    public RolloutOptions Rollouts { get; init; } = new();

    [Flatten]
    public AnswerSampling Sampling { get; init; } = new();

    [Flatten]
    public ScoreOptions Scores { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } =
        new()
        {
            LearningRate = 3e-6,
            BatchSize = 64,
            MaxGradNorm = 0,
            CheckpointEvery = 10,
        };

    public long UpdatesPerRound => PpoEpochs * this.UpdatesPerPass();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Critic.CriticWarmup >= Rollouts.Rounds)
        {
            yield return new ValidationResult(
                $"critic_warmup is {Critic.CriticWarmup}, but total_episodes and rollout_batch_size make {Rollouts.Rounds} rounds: "
                    + "the policy would never learn. Expected fewer rounds of warm-up.",
                [nameof(CriticOptions.CriticWarmup)]
            );
        }

        foreach (var problem in Kl.Problems())
        {
            yield return problem;
        }
    }
}
