using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Algorithms.Policy;

/// <summary>How the KL penalty on each token is estimated from the sampled token.</summary>
public enum KlEstimator
{
    /// <summary>log pi - log pi_ref: unbiased.</summary>
    K1,
    /// <summary>exp(-x) - 1 + x with x = log pi - log pi_ref: unbiased and never negative.</summary>
    K3,
}

public enum KlController
{
    Fixed,
    /// <summary>Steers the coefficient towards a target KL (Ziegler 2019, section 2.2).</summary>
    Adaptive,
}

public enum AdvantageWhitening
{
    None,
    /// <summary>Once over the round's answer tokens, as in TRL and Huang et al. 2024.</summary>
    Batch,
    /// <summary>Within each minibatch, as in OpenAI 2019.</summary>
    Minibatch,
}

public enum ValueNetwork
{
    /// <summary>A network of its own that begins as the reward model.</summary>
    RewardModel,
    /// <summary>A network of its own that begins as the policy, with a fresh head.</summary>
    Policy,
    /// <summary>A head on the policy's trunk, begun at 0.</summary>
    SharedTrunk,
}

/// <summary>
/// Proximal policy optimisation for language models. Defaults are TRL's, which follow Huang et al. 2024 (arXiv:2403.17031).
/// </summary>
public sealed record PpoOptions : TrainingOptions
{
    public PpoOptions()
    {
        LearningRate = 3e-6;
        BatchSize = 64;
        MaxGradNorm = 0;
        CheckpointEvery = 10;
    }

    [Description("start from a paper's numbers: ziegler-2019, stiennon-2020, instructgpt-2022 or trl; other keys override it")]
    public string? Preset { get; init; }

    [Description("answers to sample in the whole run")]
    [Range(1, 1_000_000_000)]
    public int TotalEpisodes { get; init; } = 10_000;

    [Description("answers to sample between rounds of learning")]
    [Range(1, 1_000_000)]
    public int RolloutBatchSize { get; init; } = 256;

    [Description("passes over each round's answers")]
    [Range(1, 100)]
    public int PpoEpochs { get; init; } = 4;

    [Description("how far the probability ratio may move before it is clipped")]
    [Range(0.001, 10)]
    public double ClipRange { get; init; } = 0.2;

    [Description("how far a value may move from its old value before its loss is clipped")]
    [Range(0.001, 1000)]
    public double ValueClipRange { get; init; } = 0.2;

    [Description("weight of the value loss")]
    [Range(0, 1000)]
    public double ValueCoefficient { get; init; } = 0.1;

    [Description("discount")]
    [Range(0, 1)]
    public double Gamma { get; init; } = 1;

    [Description("GAE's lambda")]
    [Range(0, 1)]
    public double Lambda { get; init; } = 0.95;

    [Description("beta: reward paid for one nat of divergence from the reference (the start, if adaptive)")]
    [Range(0, 1000)]
    public double KlCoefficient { get; init; } = 0.05;

    [Description("estimator of the KL penalty on each token: k1 or k3")]
    public KlEstimator KlEstimator { get; init; } = KlEstimator.K1;

    [Description("fixed or adaptive coefficient")]
    public KlController KlController { get; init; } = KlController.Fixed;

    [Description("adaptive only: the KL to steer to, nats an answer")]
    [Range(1e-6, 1e6)]
    public double KlTarget { get; init; } = 6;

    [Description("adaptive only: answers over which the coefficient may change by a factor e at the most")]
    [Range(1, 1e9)]
    public double KlHorizon { get; init; } = 10_000;

    [Description("stop when the mean KL of a round exceeds this many nats an answer; 0 for no budget")]
    [Range(0, 1e6)]
    public double KlBudget { get; init; }

    [Description("divide rewards by their standard deviation in the round, mean kept")]
    public bool WhitenRewards { get; init; }

    [Description("whiten advantages over the batch, over each minibatch, or not")]
    public AdvantageWhitening AdvantageWhitening { get; init; } = AdvantageWhitening.Batch;

    [Description("subtracted from the score of an answer that did not end by itself")]
    [Range(0, 1e6)]
    public double MissingEosPenalty { get; init; }

    [Description("score that replaces that of an answer that did not end by itself (Stiennon 2020: -1)")]
    public double? MissingEosScore { get; init; }

    [Description("scores beyond this magnitude are cut; 0 for no limit")]
    [Range(0, 1e6)]
    public double ScoreClip { get; init; }

    [Description("sampling temperature; log-probabilities are taken at the same temperature")]
    [Range(0.01, 100)]
    public double Temperature { get; init; } = 1;

    [Description("longest answer, tokens")]
    [Range(1, 100_000)]
    public int MaxNewTokens { get; init; } = 53;

    [Description("where the value network comes from: reward-model, policy or shared-trunk")]
    public ValueNetwork ValueNetwork { get; init; } = ValueNetwork.RewardModel;

    [Description("memory in MB for what frozen layers give, kept for all models and epochs of a round; what does not fit is computed again; 0 shares nothing")]
    [Range(0, 1_000_000)]
    public int SharedStatesMb { get; init; } = 1024;

    [Description("weight of the pretraining loss mixed in (PPO-ptx, InstructGPT eq. 2); 0 for none")]
    [Range(0, 1e4)]
    public double PtxCoefficient { get; init; }

    [Description("rounds between looks at the held-out prompts")]
    [Range(1, 1_000_000)]
    public int EvaluateEvery { get; init; } = 5;

    [Description("held-out prompts to look at")]
    [Range(1, 100_000)]
    public int EvaluationPrompts { get; init; } = 64;

    [Description("stop when held-out gold reward stays this far below its best, in its own unit, for two looks; 0 for never")]
    [Range(0, 1e6)]
    public double StopOnGoldDrop { get; init; }

    [Description("stop when the reward ensemble's spread on held-out answers exceeds this multiple of its spread at the start; 0 for never")]
    [Range(0, 1e6)]
    public double StopOnDisagreement { get; init; }

    /// <summary>Rounds in the whole run.</summary>
    public long Rounds => (TotalEpisodes + RolloutBatchSize - 1) / RolloutBatchSize;

    /// <summary>Optimiser steps of one round.</summary>
    public long UpdatesPerRound => PpoEpochs * ((RolloutBatchSize + BatchSize - 1) / BatchSize);
}
