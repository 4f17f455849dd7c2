using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Methods.Preference;

/// <summary>Which loss of the DPO family.</summary>
public enum DpoLoss
{
    /// <summary>DPO; with label smoothing, conservative DPO.</summary>
    Sigmoid,

    /// <summary>Robust DPO: unbiased where a known share of the labels is flipped.</summary>
    Robust,

    /// <summary>The hinge max(0, 1 - beta margin), as in statistical rejection sampling (Liu et al. 2023).</summary>
    Hinge,
}

/// <summary>Direct preference optimisation. Defaults are TRL's.</summary>
public sealed record DpoOptions : ReferencedOptions, IValidatableObject
{
    [Description("start from a paper's numbers: dpo-2023, zephyr-2023 or tulu3-2024; other keys override it")]
    public string? Preset { get; init; }

    [Description("sigmoid (DPO; conservative DPO with label_smoothing), robust (with label_smoothing) or hinge")]
    public DpoLoss LossType { get; init; } = DpoLoss.Sigmoid;

    [Description("share of the labels that are taken to be the wrong way round")]
    [Range(0, 0.4999)]
    public double LabelSmoothing { get; init; }

    [Description(
        "divergence from the reference that is held small: reverse-kl (DPO itself), forward-kl, js-divergence or alpha-divergence (f-DPO)"
    )]
    public FDivergenceType FDivergenceType { get; init; } = FDivergenceType.ReverseKl;

    [Description("alpha of the alpha divergence; towards 0 reverse KL, towards 1 forward KL")]
    [Range(0.001, 0.999)]
    public double FAlphaDivergenceCoef { get; init; } = 0.5;

    [Description("log-probability of an answer: summed over its tokens (the paper) or averaged over them (length-normalised DPO)")]
    public LogProbReduction LogProbs { get; init; } = LogProbReduction.Summed;

    [Description(
        "weight of the chosen answer's negative log-likelihood a token beside the loss (Pang et al. 2024): keeps its "
            + "probability from falling; 0 for none"
    )]
    [Range(0, 1000)]
    public double RpoAlpha { get; init; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (LossType == DpoLoss.Hinge && LabelSmoothing > 0)
        {
            yield return new ValidationResult(
                "label_smoothing has no meaning in the hinge loss; leave it at 0, or choose loss_type sigmoid or robust.",
                [nameof(LabelSmoothing)]
            );
        }

        if (FDivergenceType != FDivergenceType.ReverseKl && LogProbs == LogProbReduction.Averaged)
        {
            yield return new ValidationResult(
                "an f-divergence is one of whole answers; leave log_probs at summed, or f_divergence_type at reverse-kl.",
                [nameof(LogProbs)]
            );
        }
    }
}
