using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Methods.Policy;

namespace Attune.Methods.Preference;

/// <summary>Which loss online DPO learns its judged pairs by.</summary>
public enum OnlineLoss
{
    /// <summary>DPO.</summary>
    Sigmoid,

    /// <summary>IPO, summed.</summary>
    Ipo,
}

/// <summary>
/// Online DPO, Guo et al. 2024 (arXiv:2402.04792): the policy answers, a judge says which answer is best, and the pairs are learned at
/// once. With large rounds, several epochs and <see cref="RefreshReference"/> it is iterated DPO (Xu et al. 2023, arXiv:2312.16682).
/// </summary>
[Method(
    "online-dpo",
    "Online DPO",
    "DPO on the policy's own answers, judged during training",
    Paper = "Guo et al. 2024 (arXiv:2402.04792)",
    Example = "attune online-dpo --model embedded --prompts reviews:prompts --rows 500 --max-new-tokens 64 --out runs/online-dpo"
)]
public sealed record OnlineDpoOptions
{
    [Description("beta: strength of the pull towards the reference, in reward for each nat of divergence")]
    [Range(1e-6, 1e6)]
    public double Beta { get; init; } = 0.1;

    [Description("loss: sigmoid (DPO) or ipo")]
    public OnlineLoss LossType { get; init; } = OnlineLoss.Sigmoid;

    [Description("assumed share of wrong labels (sigmoid only)")]
    [Range(0, 0.4999)]
    public double LabelSmoothing { get; init; }

    [Description("answers to sample in the whole run")]
    [Range(1, 1_000_000_000)]
    public int TotalEpisodes { get; init; } = 10_000;

    [Description("answers to sample in each round")]
    [Range(2, 1_000_000)]
    public int RolloutBatchSize { get; init; } = 128;

    [Description("answers to each prompt; the judge chooses the best, which is paired with each of the others")]
    [Range(2, 64)]
    public int Answers { get; init; } = 2;

    [Description("passes over each round's pairs")]
    [Range(1, 1000)]
    public int Epochs { get; init; } = 1;

    [Description("in each round, use the policy at its start as the reference (iterated DPO)")]
    public bool RefreshReference { get; init; }

    [Description("rounds between evaluations on the held-out prompts")]
    [Range(1, 1_000_000)]
    public int EvaluateEvery { get; init; } = 5;

    [Flatten]
    public ScoreOptions Scores { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } =
        new()
        {
            LearningRate = 5e-7,
            BatchSize = 64,
            CheckpointEvery = 10,
        };

    /// <summary>Rounds in the whole run.</summary>
    public long Rounds => (TotalEpisodes + RolloutBatchSize - 1) / RolloutBatchSize;

    /// <summary>Prompts of a round.</summary>
    public int Questions => Math.Max(1, RolloutBatchSize / Answers);
}
