using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>How a method without a reference model tells the answers of a pair apart.</summary>
public enum CpoLoss
{
    /// <summary>-log sigma(beta margin), of summed log-probabilities.</summary>
    Sigmoid,

    /// <summary>max(0, 1 - beta margin), of summed log-probabilities.</summary>
    Hinge,

    /// <summary>(margin - 1 / (2 beta))^2, of mean log-probabilities.</summary>
    Ipo,

    /// <summary>-log sigma(beta margin - gamma), of mean log-probabilities.</summary>
    Simpo,
}

/// <summary>Contrastive preference optimisation. Defaults are TRL's.</summary>
[Method(
    "cpo",
    "CPO",
    "imitate chosen answers and tell them from rejected ones without a reference model (CPO, CPO-SimPO, AlphaPO)",
    Paper = "Xu et al. 2024 (arXiv:2401.08417)",
    Example = "attune cpo --model DIR --data preferences.jsonl --out runs/cpo"
)]
public sealed record CpoOptions : IPairMethod, IValidatableObject
{
    [Description("loss on pairs: sigmoid or hinge of summed, simpo or ipo of mean log-probabilities")]
    public CpoLoss LossType { get; init; } = CpoLoss.Sigmoid;

    [Description("beta: how much reward a nat of log-probability is")]
    [Range(1e-6, 1e6)]
    public double Beta { get; init; } = 0.1;

    [Description("weight of the chosen answers' negative log-likelihood; 0 for none, as in SimPO and AlphaPO")]
    [Range(0, 1000)]
    public double CpoAlpha { get; init; } = 1;

    [Description("AlphaPO: shape of the reward (1 - p^-alpha) / alpha in place of log p; 0 for log p")]
    [Range(-10, 10)]
    public double Alpha { get; init; }

    [Description("loss simpo: target margin of reward between chosen and rejected answer (gamma)")]
    [Range(0, 1000)]
    public double SimpoGamma { get; init; } = 0.5;

    [Description("assumed share of wrong labels (sigmoid, simpo)")]
    [Range(0, 0.4999)]
    public double LabelSmoothing { get; init; }

    [Description(
        "mean of the negative log-likelihood: over all answer tokens of the update (token, as the authors' code) or over each answer's"
    )]
    public NllMean NllMean { get; init; } = NllMean.Token;

    [Flatten]
    public UpdateStatistics Statistics { get; init; } = new();

    [Flatten]
    public PreferenceOptions Data { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } = new() { LearningRate = 1e-6 };

    public PairObjective Objective(LanguageModel policy, LanguageModel? reference) => new Cpo.Objective(this, policy);

    public IReadOnlyList<PreferencePair> Prepare(IReadOnlyList<PreferencePair> update, LanguageModel policy, LanguageModel? reference) =>
        Statistics.WithTokenShares(update, NllMean);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Cpo.Problems(LossType, LabelSmoothing, "simpo");
}

/// <summary>
/// CPO, Xu et al. 2024 (arXiv:2401.08417): DPO with a reference that likes all answers alike, held up by the likelihood of the chosen
/// answers. With mean log-probabilities it is CPO-SimPO, and with another shape of the reward AlphaPO (Gupta et al. 2025,
/// arXiv:2501.03884).
/// </summary>
public static class Cpo
{
    /// <summary>The contrast between the answers of a pair, without the likelihood.</summary>
    /// <param name="margin">reward of the chosen answer less that of the rejected one, before beta, [pairs]</param>
    /// <param name="gamma">Used by <see cref="CpoLoss.Simpo"/>: target margin, in units of beta times the margin.</param>
    /// <param name="epsilon">Assumed share of wrong labels.</param>
    /// <returns>[pairs]</returns>
    public static Tensor Contrast(Tensor margin, CpoLoss loss, double beta, double gamma = 0, double epsilon = 0) =>
        loss switch
        {
            CpoLoss.Sigmoid => Dpo.Conservative(margin, beta, epsilon),
            CpoLoss.Hinge => Slic.Loss(margin, beta, delta: 1),
            CpoLoss.Ipo => Ipo.Loss(margin, beta),
            CpoLoss.Simpo => Dpo.Conservative(margin - gamma / beta, beta, epsilon),
            _ => throw new ArgumentOutOfRangeException(nameof(loss), loss, null),
        };

    /// <summary>What a contrast is made of: sums over answers, or means over their tokens.</summary>
    internal static Tensor LogProbs(ScoredAnswers answers, CpoLoss loss) =>
        loss is CpoLoss.Ipo or CpoLoss.Simpo ? answers.MeanLogProbs : answers.LogProbs;

    /// <summary>What a contrast has no use for.</summary>
    /// <param name="withMargin">The name of <see cref="CpoLoss.Simpo"/> where the options are written.</param>
    internal static IEnumerable<ValidationResult> Problems(CpoLoss loss, double labelSmoothing, string withMargin) =>
        labelSmoothing > 0 && loss is (CpoLoss.Hinge or CpoLoss.Ipo)
            ?
            [
                new ValidationResult(
                    $"label_smoothing has no meaning in hinge and ipo; leave it at 0, or choose loss_type sigmoid or {withMargin}.",
                    [nameof(CpoOptions.LabelSmoothing)]
                ),
            ]
            : [];

    /// <summary>(1 - p^-alpha) / alpha, AlphaPO's reward; log p where alpha is 0, which is its limit.</summary>
    /// <param name="logProbs">log p, [answers]</param>
    /// <returns>[answers]</returns>
    public static Tensor Shaped(Tensor logProbs, double alpha)
    {
        using var scope = NewDisposeScope();
        return (
            alpha == 0 ? logProbs + 0 : (1 - (-alpha * logProbs).clamp(max: FDivergence.LargestExponent).exp()) / alpha
        ).MoveToOuterDisposeScope();
    }

    public sealed class Objective(CpoOptions options, LanguageModel policy) : PairObjective(policy, null)
    {
        protected override bool UsesReference => false;

        protected override Tensor Loss(ScoredPairs pairs)
        {
            var margin = Score(pairs.Chosen) - Score(pairs.Rejected);
            var contrast = Contrast(margin, options.LossType, options.Beta, options.SimpoGamma, options.LabelSmoothing);
            return options.CpoAlpha == 0 ? contrast : contrast + options.CpoAlpha * Nll(pairs);
        }

        protected override Tensor Reward(ScoredAnswers answers) => options.Beta * Score(answers);

        protected override void Measure(Metrics metrics, ScoredPairs pairs) =>
            metrics.AddSum("nll_loss", options.CpoAlpha == 0 ? 0 : Nll(pairs).sum().ToDouble(), pairs.Items.Count);

        private Tensor Score(ScoredAnswers answers) => Shaped(LogProbs(answers, options.LossType), options.Alpha);

        private static Tensor Nll(ScoredPairs pairs) => -pairs.Numbers(p => p.TokenShare) * pairs.Chosen.MeanLogProbs;
    }
}
