using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Data.Encoding;
using Attune.Training.Optimisation;
using Attune.Training.Rewards;

namespace Attune.Methods.Reward;

/// <summary>What a reward model is fitted to.</summary>
public enum RewardLoss
{
    /// <summary>Pairs.</summary>
    BradleyTerry,

    /// <summary>Best of K (Ziegler 2019).</summary>
    Choice,

    /// <summary>Rankings, all pairs (InstructGPT).</summary>
    Ranking,

    /// <summary>Rankings, one choice after another.</summary>
    PlackettLuce,

    /// <summary>Verdicts on single answers.</summary>
    Classification,

    /// <summary>Ratings of single answers.</summary>
    Regression,
}

/// <summary>Reward-model training. Defaults: Stiennon 2020's single epoch; TRL's learning rate.</summary>
[Method(
    "reward",
    "Reward model",
    "train a reward model on feedback",
    Paper = "Stiennon et al. 2020 (arXiv:2009.01325)",
    Example = "attune reward --model DIR --data preferences.jsonl --out runs/reward"
)]
public sealed record RewardOptions : IValidatableObject
{
    [Description(
        "loss: bradley-terry (pairs), choice (best of K), ranking or plackett-luce (rankings), classification (verdicts), "
            + "or regression (ratings)"
    )]
    public RewardLoss Loss { get; init; } = RewardLoss.BradleyTerry;

    [Description("reward models to train, with different heads and orders of the data; their spread measures disagreement")]
    [Range(1, 100)]
    public int Members { get; init; } = 1;

    [Description(
        "how several reward models make one reward, each normalised by itself: mean, minimum, mean-minus-sd, mean-minus-variance, "
            + "or weights (one model with the mean of their weights)"
    )]
    public RewardAggregation Aggregation { get; init; } = RewardAggregation.Mean;

    [Description("mean-minus-sd and mean-minus-variance only: reward that a unit of disagreement costs")]
    [Range(0, 1000)]
    public double DisagreementPenalty { get; init; } = 0.5;

    [Flatten]
    public ComparisonOptions Comparison { get; init; } = new();

    [Description(
        "guard the group of annotators whom the reward serves worst: how fast a group's weight rises with its loss (group DRO; Sagawa et "
            + "al. 2020 use 0.01); 0 for the plain mean"
    )]
    [Range(0, 100)]
    public double RobustStep { get; init; }

    [Description("passes over the data")]
    [Range(0.0001, 10_000)]
    public double Epochs { get; init; } = 1;

    [Description("longest prompt and answer together, in tokens; longer rows are left out and counted, unless truncation cuts them")]
    [Range(2, 1_000_000)]
    public int MaxLength { get; init; } = 1024;

    [Description(
        "rows longer than max_length: left out (drop-row), prompts cut (keep-prompt-start, keep-prompt-end), or prompt and answer "
            + "together (keep-start, keep-end, as TRL); not for encoders"
    )]
    public TruncationPolicy Truncation { get; init; } = TruncationPolicy.DropRow;

    [Description("share of the prompts to hold out, if no held-out file is given")]
    [Range(0, 0.9)]
    public double TestSplit { get; init; } = 0.1;

    [Description(
        "normalise rewards of reference answers to mean 0 (mean), to mean 0 and standard deviation 1 " + "(mean-and-sd), or not (none)"
    )]
    public RewardNormalisation Normalisation { get; init; } = RewardNormalisation.MeanAndSd;

    [Description(
        "take away what rewards gain with length on average: the slope of each member's rewards over the lengths of the reference answers"
    )]
    public bool DebiasLength { get; init; }

    [Description("read the score at the last token before the end token, for models whose pretraining had no end tokens")]
    public bool ReadBeforeEnd { get; init; }

    [Description("probability of leaving out an answer token in training (word dropout), for small data sets")]
    [Range(0, 0.95)]
    public double TokenDropout { get; init; }

    [Description("encoders only: dropout in training (Devlin et al. 2019: 0.1)")]
    [Range(0, 0.95)]
    public double EncoderDropout { get; init; }

    [Description("updates between evaluations; 0 for after training only")]
    [Range(0, 1_000_000)]
    public int EvaluateEvery { get; init; } = 20;

    [Flatten]
    public TrainingOptions Training { get; init; } =
        new()
        {
            LearningRate = 1e-4,
            Schedule = ScheduleKind.Cosine,
            BatchSize = 64,
            CheckpointEvery = 100,
        };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var option in Comparison.Unused(Loss))
        {
            yield return new ValidationResult(
                $"{option} is set, but means nothing to this loss. Expected another loss, or no {option}.",
                [nameof(Loss)]
            );
        }

        if (DebiasLength && Normalisation == RewardNormalisation.None)
        {
            yield return new ValidationResult(
                "debias_length is on, but normalisation is none: the slope over lengths is fitted to the answers that normalise. Expected "
                    + "normalisation mean or mean-and-sd.",
                [nameof(DebiasLength), nameof(Normalisation)]
            );
        }

        if (Aggregation != RewardAggregation.Mean && Members == 1)
        {
            yield return new ValidationResult(
                "aggregation says how several reward models make one, but members is 1. Expected at least 2 members.",
                [nameof(Aggregation), nameof(Members)]
            );
        }

        if (Aggregation == RewardAggregation.Weights && Training.Lora.R > 0)
        {
            yield return new ValidationResult(
                "aggregation is weights, but the members are adapters: the mean of two factors is not the factor of a mean. Expected "
                    + "another aggregation, or no adapter.",
                [nameof(Aggregation)]
            );
        }
    }
}
