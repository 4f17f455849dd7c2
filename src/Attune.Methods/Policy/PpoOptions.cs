using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Methods.Policy;

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
[Method(
    "ppo",
    "PPO",
    "align a model with a reward by PPO",
    Paper = "Schulman et al. 2017 (arXiv:1707.06347); Ziegler et al. 2019 (arXiv:1909.08593)",
    Example = "attune ppo --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/ppo"
)]
public sealed partial record PpoOptions : PolicyGradientOptions
{
    public PpoOptions()
    {
        Training = new()
        {
            LearningRate = 3e-6,
            BatchSize = 64,
            MaxGradNorm = 0,
            CheckpointEvery = 10,
        };
    }

    [Description("start from a paper's numbers: ziegler-2019, stiennon-2020, instructgpt-2022 or trl; other keys override it")]
    public string? Preset { get; init; }

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

    [Description("divide rewards by their standard deviation in the round, mean kept")]
    public bool WhitenRewards { get; init; }

    [Description("whiten advantages over the batch, over each minibatch, or not")]
    public AdvantageWhitening AdvantageWhitening { get; init; } = AdvantageWhitening.Batch;

    [Description("where the value network comes from: reward-model, policy or shared-trunk")]
    public ValueNetwork ValueNetwork { get; init; } = ValueNetwork.RewardModel;

    [Description("weight of the pretraining loss mixed in (PPO-ptx, InstructGPT eq. 2); 0 for none")]
    [Range(0, 1e4)]
    public double PtxCoefficient { get; init; }

    public override long UpdatesPerRound => PpoEpochs * UpdatesPerPass;
}
