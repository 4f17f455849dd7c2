using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Contracts;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>Which loss on verdicts.</summary>
public enum VerdictLoss
{
    /// <summary>KTO.</summary>
    Kto,

    /// <summary>APO-zero on single answers: KTO with the reference itself as the point of comparison.</summary>
    ApoZeroUnpaired,

    /// <summary>Binary classifier optimisation, with the running mean of rewards as the point of comparison.</summary>
    Bco,
}

/// <summary>With whose answer the divergence from the reference is estimated.</summary>
public enum KlPairs
{
    /// <summary>The answer of the next row with another prompt, fixed for the run.</summary>
    OtherPrompt,

    /// <summary>The answer of the row before in the update, whatever its prompt (TRL).</summary>
    PreviousRow,
}

/// <summary>Kahneman-Tversky optimisation. Defaults are TRL's.</summary>
[Method(
    "kto",
    "KTO",
    "learn from verdicts on single answers (KTO)",
    Paper = "Ethayarajh et al. 2024 (arXiv:2402.01306)",
    Example = "attune kto --model DIR --data verdicts.jsonl --out runs/kto"
)]
public sealed record KtoOptions : IPreferenceMethod, IValidatableObject
{
    [Description("loss: kto, apo-zero-unpaired or bco; the method's page has their formulas")]
    public VerdictLoss LossType { get; init; } = VerdictLoss.Kto;

    [Description(
        "weight of desirable answers; the paper recommends desirable_weight * desirable / (undesirable_weight * "
            + "undesirable) between 1 and 4/3"
    )]
    [Range(0, 1000)]
    public double DesirableWeight { get; init; } = 1;

    [Description("weight of undesirable answers")]
    [Range(0, 1000)]
    public double UndesirableWeight { get; init; } = 1;

    [Description("beta: strength of the pull towards the reference, in reward for each nat of divergence")]
    [Range(1e-6, 1e6)]
    public double Beta { get; init; } = 0.1;

    [Description(
        "loss kto: answers for the estimate of KL, from the next row with another prompt (other-prompt), or from the row before in the "
            + "update (previous-row, as TRL)"
    )]
    public KlPairs KlPairs { get; init; } = KlPairs.OtherPrompt;

    [Flatten]
    public UpdateStatistics Statistics { get; init; } = new();

    [Flatten]
    public ReferenceOptions Reference { get; init; } = new();

    [Flatten]
    public PreferenceOptions Data { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } = new() { LearningRate = 1e-6 };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (KlPairs != KlPairs.OtherPrompt && LossType != VerdictLoss.Kto)
        {
            yield return new ValidationResult(
                "kl_pairs belongs to loss_type kto, which alone estimates KL; leave it out.",
                [nameof(KlPairs)]
            );
        }
    }
}

/// <summary>One answer with its verdict, and a foreign answer to the same prompt by which the divergence is estimated.</summary>
/// <param name="Mismatched">The prompt with another prompt's answer; null where it is not needed, or found in the update.</param>
/// <param name="Reference">log pi_ref of the answer, nats; null where a live reference is to be asked.</param>
/// <param name="MismatchedReference">log pi_ref of the foreign answer.</param>
public sealed record KtoItem(
    TokenSequence Sequence,
    bool Desirable,
    TokenSequence? Mismatched,
    double? Reference,
    double? MismatchedReference
)
{
    /// <summary>z_0, the log ratio at which an answer is neither gain nor loss, the same for all items looked at together, nats.</summary>
    public double Divergence { get; init; }

    /// <summary>Items of the update divided by those of this item's class: makes means over a class out of means over the update.</summary>
    public double ClassScale { get; init; } = 1;
}

/// <summary>
/// KTO, Ethayarajh et al. 2024 (arXiv:2402.01306): verdicts on single answers, valued as people value gains and losses, against the point
/// z_0 = KL(pi || pi_ref), which is estimated and carries no gradient. Beside it two losses of the same shape.
/// </summary>
public static class Kto
{
    private static readonly Dictionary<VerdictLoss, Func<Tensor, double, Tensor>> Values = new()
    {
        [VerdictLoss.Kto] = Value,
        [VerdictLoss.ApoZeroUnpaired] = Value,
        [VerdictLoss.Bco] = Classified,
    };

    /// <summary>lambda (1 - sigma(+-beta (log ratio - z_0))), + for desirable answers, per answer.</summary>
    /// <param name="logRatio">log pi - log pi_ref, [answers], nats</param>
    /// <param name="desirable">1 or 0, [answers]</param>
    /// <param name="divergence">z_0, [answers], nats</param>
    /// <param name="beta">how fast values saturate</param>
    /// <param name="weights">lambda of desirable and undesirable answers</param>
    /// <param name="loss">kto: z_0 is the divergence; apo-zero-unpaired (D'Oosterlinck et al. 2024, arXiv:2408.06266): z_0 is 0; bco (Jung
    /// et al. 2024, arXiv:2404.04656): -log sigma(...) in place of 1 - sigma(...), beta z_0 is the paper's delta</param>
    /// <returns>[answers]</returns>
    public static Tensor Loss(
        Tensor logRatio,
        Tensor desirable,
        Tensor divergence,
        double beta,
        (double Desirable, double Undesirable) weights,
        VerdictLoss loss = VerdictLoss.Kto
    )
    {
        logRatio.Require([-1]);
        desirable.Require(logRatio.shape);
        divergence.Require(logRatio.shape);
        using var scope = NewDisposeScope();
        var weight = weights.Desirable * desirable + weights.Undesirable * (1 - desirable);
        // Positive for answers on the wrong side.
        return (weight * Values[loss]((1 - 2 * desirable) * (logRatio - divergence), beta)).MoveToOuterDisposeScope();
    }

    // 1 - sigma(x) = sigma(-x)
    private static Tensor Value(Tensor distance, double beta) => (beta * distance).sigmoid();

    private static Tensor Classified(Tensor distance, double beta) => -nn.functional.logsigmoid(-beta * distance);

    public sealed class Objective(KtoOptions options, LanguageModel policy, LanguageModel? reference) : IObjective<KtoItem>
    {
        public IReadOnlyList<FlatParameters> Learners { get; } = [policy.Learner];

        public double Weight(KtoItem item) => 1;

        public int Length(KtoItem item) => item.Sequence.Length;

        public ObjectiveValue Evaluate(IReadOnlyList<KtoItem> items)
        {
            var (answers, logits) = ScoredAnswers.Of(
                policy,
                reference,
                [.. items.Select(i => i.Sequence)],
                [.. items.Select(i => i.Reference)]
            );
            var like = answers.LogProbs;
            // [answers]
            Tensor Numbers(Func<KtoItem, double> number) => tensor(items.Select(number).ToArray(), device: like.device).to(like.dtype);
            var loss = Loss(
                answers.LogRatio,
                Numbers(i => i.Desirable ? 1 : 0),
                Numbers(i => i.Divergence),
                options.Beta,
                (options.DesirableWeight, options.UndesirableWeight),
                options.LossType
            );
            return new ObjectiveValue(loss.sum(), Measured(items, answers, logits));
        }

        private Metrics Measured(IReadOnlyList<KtoItem> items, ScoredAnswers answers, Tensor logits)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var metrics = new Metrics();
            var rewards = options.Beta * answers.LogRatio;
            foreach (var group in items.Select((item, index) => (item.Desirable, Index: (long)index)).GroupBy(i => i.Desirable))
            {
                var own = tensor(group.Select(g => g.Index).ToArray(), device: rewards.device);
                PreferenceMetrics.AddSide(
                    metrics,
                    group.Key ? PreferenceMetrics.Chosen : PreferenceMetrics.Rejected,
                    rewards.index_select(0, own),
                    answers.At(own),
                    logits.index_select(0, own)
                );
            }

            PreferenceMetrics.AddEntropy(metrics, answers);
            var plain = rewards.to(ScalarType.Float64).cpu().data<double>().ToArray();
            metrics.AddSum(
                "rewards/margins",
                items.Select((item, i) => (item.Desirable ? 1 : -1) * item.ClassScale * plain[i]).Sum(),
                items.Count
            );
            var point = items.Sum(i => i.Divergence);
            if (options.LossType == VerdictLoss.Bco)
            {
                metrics.AddSum("delta", options.Beta * point, items.Count);
            }
            else
            {
                metrics.AddSum("kl", point, items.Count);
            }

            return metrics;
        }
    }
}
