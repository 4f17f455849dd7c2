using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Models.Architecture;
using Attune.Numerics;
using Attune.Training.Optimisation;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>Direct preference optimisation. Defaults are TRL's.</summary>
[Method(
    "dpo",
    "DPO",
    "learn from preference pairs directly (DPO and its variants)",
    Paper = "Rafailov et al. 2023 (arXiv:2305.18290)",
    Example = "attune dpo --model DIR --data preferences.jsonl --beta 0.1 --out runs/dpo"
)]
public sealed record DpoOptions : IPairMethod, IHasPresets, IValidatableObject
{
    [Description("settings of a paper: dpo-2023, zephyr-2023 or tulu3-2024; other options override them")]
    public string? Preset { get; init; }

    [Description("loss, or several that are added up, such as [sigmoid, bco-pair, sft] (MPO); the method's page has their formulas")]
    public ImmutableArray<DpoLoss> LossType { get; init; } = [DpoLoss.Sigmoid];

    [Description("weights of the losses of loss_type, in their order, such as [0.8, 0.2, 1]; none for 1 each")]
    public ImmutableArray<double> LossWeights { get; init; } = [];

    [Description("assumed share of wrong labels (sigmoid, robust, sigmoid-norm, exo-pair, aot)")]
    [Range(0, 0.4999)]
    public double LabelSmoothing { get; init; }

    [Description("divergence from the reference to limit: reverse-kl (DPO), forward-kl, js-divergence or alpha-divergence (f-DPO)")]
    public FDivergenceType FDivergenceType { get; init; } = FDivergenceType.ReverseKl;

    [Description("alpha of the alpha divergence: reverse KL towards 0, forward KL towards 1")]
    [Range(0.001, 0.999)]
    public double FAlphaDivergenceCoef { get; init; } = 0.5;

    [Description("log-probability of an answer: the sum over its tokens (the paper) or their average (length-normalised DPO)")]
    public LogProbReduction LogProbs { get; init; } = LogProbReduction.Summed;

    [Description(
        "weight of the chosen answer's negative log-likelihood, averaged over its tokens (Pang et al. 2024), "
            + "which keeps its probability from falling; 0 for none"
    )]
    [Range(0, 1000)]
    public double RpoAlpha { get; init; }

    [Description(
        "loss sft: mean of the negative log-likelihood over each answer's tokens (answer, as MPO's paper), or over all (token, TRL)"
    )]
    public NllMean NllMean { get; init; } = NllMean.Answer;

    [Description("LD-DPO: what tokens beyond the length of a pair's shorter answer count; 1 for whole (DPO), 0 for not at all")]
    [Range(0, 1)]
    public double LdAlpha { get; init; } = 1;

    [Description("WPO: weigh each pair by how likely the policy would have said its answers itself")]
    public bool UseWeighting { get; init; }

    [Description("ODPO: the lead that is asked of beta times the margin, for each unit of the rows' margin column; 0 for none")]
    [Range(0, 1000)]
    public double OffsetWeight { get; init; }

    [Description("loss discopop: width of the change between its two parts (the paper's tau)")]
    [Range(1e-6, 1000)]
    public double DiscopopTau { get; init; } = 0.05;

    [Description("beta: strength of the pull towards the reference, in reward for each nat of divergence")]
    [Range(1e-6, 1e6)]
    public double Beta { get; init; } = 0.1;

    [Flatten]
    public UpdateStatistics Statistics { get; init; } = new();

    [Flatten]
    public ReferenceOptions Reference { get; init; } = new();

    [Flatten]
    public PreferenceOptions Data { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } = new() { LearningRate = 1e-6 };

    public static ImmutableArray<Preset> Presets { get; } =
    [
        new(
            "dpo-2023",
            "Rafailov et al. 2023, appendix B, and the authors' code.",
            "The paper's optimiser is RMSprop, here AdamW; its 150 warm-up steps are a share of the run here."
        )
        {
            ["loss_type"] = ImmutableArray.Create(DpoLoss.Sigmoid),
            ["label_smoothing"] = 0,
            ["log_probs"] = LogProbReduction.Summed,
            ["beta"] = 0.1,
            ["epochs"] = 1,
            ["learning_rate"] = 1e-6,
            ["schedule"] = ScheduleKind.Constant,
            ["warmup_ratio"] = 0.05,
            ["batch_size"] = 64,
            ["max_grad_norm"] = 10,
            ["max_length"] = 512,
        },
        new(
            "zephyr-2023",
            "Zephyr's recipe in the alignment handbook (recipes/zephyr-7b-beta/dpo/config_full.yaml at 19f0345), on 8 devices.",
            "It trains in bfloat16; here precision is the user's."
        )
        {
            ["beta"] = 0.01,
            ["epochs"] = 1,
            ["learning_rate"] = 5e-7,
            ["schedule"] = ScheduleKind.Cosine,
            ["min_lr_rate"] = 0,
            ["warmup_ratio"] = 0.1,
            ["batch_size"] = 128,
            ["max_length"] = 1024,
        },
        new(
            "tulu3-2024",
            "Lambert et al. 2024 (Tulu 3, arXiv:2411.15124), 8B: length-normalised DPO.",
            "The numbers are those for 8B; the paper lowers the learning rate for 70B."
        )
        {
            ["beta"] = 5,
            ["epochs"] = 1,
            ["log_probs"] = LogProbReduction.Averaged,
            ["learning_rate"] = 5e-7,
            ["schedule"] = ScheduleKind.Linear,
            ["warmup_ratio"] = 0.1,
            ["batch_size"] = 128,
            ["max_length"] = 2048,
        },
    ];

    public double TailWeight => LdAlpha;

    public PairObjective Objective(LanguageModel policy, LanguageModel? reference) => new Dpo.Objective(this, policy, reference);

    public IReadOnlyList<PreferencePair> Prepare(IReadOnlyList<PreferencePair> update, LanguageModel policy, LanguageModel? reference)
    {
        var shared = Statistics.WithTokenShares(update, NllMean);
        return LossType.Any(Sorts)
            ? [.. Statistics.Parts(shared).SelectMany(part => Aot.WithPartners(part, LossType.First(Sorts), policy, reference))]
            : shared;
    }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => DpoProblems.Of(this);

    internal static bool Sorts(DpoLoss loss) => loss is DpoLoss.Aot or DpoLoss.AotUnpaired;
}

/// <summary>
/// Direct preference optimisation, Rafailov et al. 2023 (arXiv:2305.18290): the policy is its own reward model,
/// r(x, y) = beta log(pi / pi_ref) + a constant of x, fitted to the preferences by Bradley and Terry. Its optimum on them is
/// pi_ref exp(r / beta) / Z, the same as that of PPO with a KL penalty.
/// </summary>
/// <remarks>
/// The family: each name of <c>loss_type</c> is a function of the scores (<see cref="DpoLosses"/>). A score is the log ratio, or the
/// derivative of another divergence of it (<see cref="FDivergence"/>).
/// </remarks>
public static class Dpo
{
    /// <summary>-log sigma(beta margin), eq. 7, per pair.</summary>
    /// <param name="margin">log ratio of the chosen answer minus that of the rejected one, [pairs], nats</param>
    /// <returns>[pairs], nats</returns>
    public static Tensor Loss(Tensor margin, double beta)
    {
        margin.Require([-1]);
        using var scope = NewDisposeScope();
        return (-nn.functional.logsigmoid(beta * margin)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Conservative DPO, Mitchell 2023 ("A note on DPO with noisy preferences and relationship to IPO", eq. 3): labels are right with
    /// probability 1 - epsilon only, so the loss is the cross-entropy to that, least where sigma(beta margin) = 1 - epsilon:
    /// -(1 - epsilon) log sigma(beta margin) - epsilon log sigma(-beta margin), per pair; DPO where epsilon is 0.
    /// </summary>
    /// <param name="margin">[pairs], nats</param>
    /// <param name="epsilon">share of flipped labels, 0 to 1/2</param>
    /// <returns>[pairs], nats</returns>
    public static Tensor Conservative(Tensor margin, double beta, double epsilon)
    {
        if (epsilon == 0)
        {
            return Loss(margin, beta);
        }

        using var scope = NewDisposeScope();
        return ((1 - epsilon) * Loss(margin, beta) + epsilon * Loss(-margin, beta)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Robust DPO, Chowdhury et al. 2024 (arXiv:2403.00409): an unbiased estimate of the DPO loss on the true labels where each label was
    /// flipped with probability epsilon: ((1 - epsilon) l(margin) - epsilon l(-margin)) / (1 - 2 epsilon) with l the DPO loss, per pair.
    /// Unbiased, so it can be negative for a single pair, and its variance grows with 1 / (1 - 2 epsilon).
    /// </summary>
    /// <param name="margin">[pairs], nats</param>
    /// <param name="epsilon">share of flipped labels, below 1/2</param>
    /// <returns>[pairs], nats</returns>
    public static Tensor Robust(Tensor margin, double beta, double epsilon)
    {
        if (epsilon is not (>= 0 and < 0.5))
        {
            throw new ArgumentOutOfRangeException(
                nameof(epsilon),
                epsilon,
                "expected at least 0 and less than 1/2: with half the labels flipped nothing can be learned from them"
            );
        }

        using var scope = NewDisposeScope();
        return (((1 - epsilon) * Loss(margin, beta) - epsilon * Loss(-margin, beta)) / (1 - 2 * epsilon)).MoveToOuterDisposeScope();
    }

    /// <summary>DPO and its variants by <see cref="DpoOptions.LossType"/>.</summary>
    public sealed class Objective(DpoOptions options, LanguageModel policy, LanguageModel? reference) : PairObjective(policy, reference)
    {
        protected override double TailWeight => options.LdAlpha;

        protected override bool WeighsPolicy => options.UseWeighting;

        protected override Tensor Loss(ScoredPairs pairs)
        {
            var scores = new DpoScores(Score(pairs.Chosen), Score(pairs.Rejected), pairs, options);
            var loss = DpoLosses.Sum(scores);
            var whole = options.RpoAlpha == 0 ? loss : loss - options.RpoAlpha * pairs.Chosen.MeanLogProbs;
            return options.UseWeighting ? whole * pairs.Chosen.PolicyWeights! * pairs.Rejected.PolicyWeights! : whole;
        }

        protected override Tensor Reward(ScoredAnswers answers) => options.Beta * Score(answers);

        private Tensor Score(ScoredAnswers answers) =>
            FDivergence.Derivative(answers.By(options.LogProbs).LogRatio, options.FDivergenceType, options.FAlphaDivergenceCoef);
    }
}
