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

/// <summary>Which answers to a prompt make pairs.</summary>
public enum JudgedPairs
{
    /// <summary>The best with each of the others.</summary>
    BestOthers,

    /// <summary>The best with the worst alone.</summary>
    BestWorst,
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
public sealed record OnlineDpoOptions : IValidatableObject
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

    [Description("answers to each prompt, of which the judge chooses the best")]
    [Range(2, 64)]
    public int Answers { get; init; } = 2;

    [Description(
        "pairs to learn: the best answer with each of the others (best-others) or with the worst alone (best-worst, judge: reward)"
    )]
    public JudgedPairs Pairs { get; init; } = JudgedPairs.BestOthers;

    [Description(
        "XPO: weight of the bonus for exploring; above 0 the reference writes one of the two answers (0.00001 in TRL); 0 for online DPO"
    )]
    [Range(0, 1000)]
    public double XpoAlpha { get; init; }

    [Description(
        "Nash-MD: the reference's share in the geometric mixture with the policy that writes the other of the two answers (0.5 in TRL, 0 "
            + "for the policy itself); the loss is then Nash-MD's; none for online DPO"
    )]
    [Range(0, 1)]
    public double? MixtureCoef { get; init; }

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

    /// <summary>Whether somebody else than the policy writes the second answer.</summary>
    internal bool HasOpponent => XpoAlpha > 0 || MixtureCoef is not null;

    /// <summary>Pairs of a question at the most.</summary>
    public int PairsOfQuestion => Pairs == JudgedPairs.BestWorst ? 1 : Answers - 1;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (XpoAlpha > 0 && Answers != 2)
        {
            yield return new ValidationResult(
                $"xpo_alpha is above 0 and answers is {Answers}; expected 2: one answer of the policy and one of the reference.",
                [nameof(Answers)]
            );
        }

        if (MixtureCoef is null)
        {
            yield break;
        }

        if (Answers != 2 || Pairs != JudgedPairs.BestOthers)
        {
            yield return new ValidationResult(
                $"mixture_coef is given and answers is {Answers}; expected 2, and pairs best-others: one answer of the policy and one of "
                    + "the mixture.",
                [nameof(MixtureCoef)]
            );
        }

        if (XpoAlpha > 0 || LossType != OnlineLoss.Sigmoid || LabelSmoothing > 0)
        {
            yield return new ValidationResult(
                "mixture_coef asks for Nash-MD, which has a loss of its own; leave xpo_alpha, loss_type and label_smoothing out.",
                [nameof(MixtureCoef)]
            );
        }
    }
}
