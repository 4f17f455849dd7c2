using System.ComponentModel.DataAnnotations;

namespace Attune.Methods.Preference;

/// <summary>Options of DPO that cannot be together.</summary>
internal static class DpoProblems
{
    private static readonly DpoLoss[] Smoothed =
    [
        DpoLoss.Sigmoid,
        DpoLoss.Robust,
        DpoLoss.SigmoidNorm,
        DpoLoss.ExoPair,
        DpoLoss.Aot,
        DpoLoss.AotUnpaired,
    ];

    public static IEnumerable<ValidationResult> Of(DpoOptions o) =>
        OfLosses(o).Concat(OfScores(o)).Where(p => p.IsWrong).Select(p => new ValidationResult(p.Message, [p.Property]));

    private static IEnumerable<(bool IsWrong, string Message, string Property)> OfLosses(DpoOptions o) =>
        [
            (o.LossType.IsEmpty, "loss_type is empty; expected one loss at least, such as sigmoid.", nameof(o.LossType)),
            (
                !o.LossWeights.IsEmpty && o.LossWeights.Length != o.LossType.Length,
                $"loss_weights has {o.LossWeights.Length} numbers and loss_type {o.LossType.Length} losses; expected as many, or no "
                    + "weights.",
                nameof(o.LossWeights)
            ),
            (
                o.LossWeights.Any(w => w is not (>= 0 and < double.PositiveInfinity)),
                "loss_weights has a number below 0 or one that is not finite; expected numbers from 0.",
                nameof(o.LossWeights)
            ),
            (
                o.LabelSmoothing > 0 && !o.LossType.Any(Smoothed.Contains),
                $"label_smoothing has no meaning in {string.Join(" and ", o.LossType.Select(Name))}; leave it at 0, or choose loss_type "
                    + $"{string.Join(", ", Smoothed.Select(Name))}.",
                nameof(o.LabelSmoothing)
            ),
            (
                o.LabelSmoothing == 0 && o.LossType.Contains(DpoLoss.ExoPair),
                "loss_type exo-pair needs label_smoothing above 0, its epsilon: certain labels are infinitely far from any policy. TRL "
                    + "takes 0.001.",
                nameof(o.LabelSmoothing)
            ),
            (
                o.LossType.Count(DpoOptions.Sorts) > 1,
                "loss_type has both aot and aot-unpaired, which sort differently; choose one of them.",
                nameof(o.LossType)
            ),
        ];

    private static IEnumerable<(bool IsWrong, string Message, string Property)> OfScores(DpoOptions o)
    {
        var sorts = o.LossType.Any(DpoOptions.Sorts);
        return
        [
            (
                o.FDivergenceType != FDivergenceType.ReverseKl && o.LogProbs == LogProbReduction.Averaged,
                "an f-divergence is one of whole answers; leave log_probs at summed, or f_divergence_type at reverse-kl.",
                nameof(o.LogProbs)
            ),
            (
                sorts && o.FDivergenceType != FDivergenceType.ReverseKl,
                "aot sorts log ratios; leave f_divergence_type at reverse-kl.",
                nameof(o.FDivergenceType)
            ),
            (
                sorts && o.LogProbs == LogProbReduction.Averaged,
                "aot sorts summed log ratios; leave log_probs at summed.",
                nameof(o.LogProbs)
            ),
            (
                sorts && o.LdAlpha != 1,
                "aot compares answers of different pairs, which share no length; leave ld_alpha at 1.",
                nameof(o.LdAlpha)
            ),
            (
                sorts && o.UseWeighting,
                "aot compares answers of different pairs, so pairs have no weight; leave use_weighting at false.",
                nameof(o.UseWeighting)
            ),
        ];
    }

    private static string Name(DpoLoss loss) => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(loss.ToString());
}
