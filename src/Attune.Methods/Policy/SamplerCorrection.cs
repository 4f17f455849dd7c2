using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Methods.Policy;

/// <summary>What becomes of answers to which sampler and trainer give different probabilities.</summary>
public enum SamplerCorrectionMode
{
    /// <summary>Nothing: a large difference is an error.</summary>
    None,

    /// <summary>Each token's loss is multiplied by pi_trainer / pi_sampler, cut to the bounds (truncated importance sampling).</summary>
    TokenTruncate,

    /// <summary>The same, but a token whose ratio lies outside the bounds is left out.</summary>
    TokenMask,

    /// <summary>The whole answer's ratio, cut to the bounds.</summary>
    SequenceTruncate,

    /// <summary>The whole answer's ratio; an answer outside the bounds is left out.</summary>
    SequenceMask,
}

/// <summary>
/// The group of options that corrects for a sampler whose numbers are not the trainer's, as with bfloat16 rollouts: the policy term is
/// multiplied by the ratio of the trainer's probability to the sampler's.
/// </summary>
public sealed record SamplerCorrection
{
    [Description(
        "multiply the policy term by pi_trainer / pi_sampler: none, token-truncate, token-mask, sequence-truncate or sequence-mask"
    )]
    public SamplerCorrectionMode SamplerCorrectionMode { get; init; } = SamplerCorrectionMode.None;

    [Description("largest such ratio")]
    [Range(0.01, 1e6)]
    public double SamplerRatioMax { get; init; } = 3;

    [Description("smallest such ratio; 0 for no limit")]
    [Range(0, 1e6)]
    public double SamplerRatioMin { get; init; }

    /// <summary>What multiplies each token's policy term.</summary>
    /// <param name="trainer">log-probabilities of the answer's tokens, recomputed by the trainer, nats</param>
    /// <param name="sampler">the same as the sampler reported them, nats</param>
    public float[] Ratios(ReadOnlySpan<float> trainer, ReadOnlySpan<float> sampler)
    {
        var logs = new double[trainer.Length];
        var sum = 0.0;
        for (var t = 0; t < logs.Length; t++)
        {
            logs[t] = (double)trainer[t] - sampler[t];
            sum += logs[t];
        }

        return
        [
            .. logs.Select(log =>
                SamplerCorrectionMode switch
                {
                    SamplerCorrectionMode.None => 1f,
                    SamplerCorrectionMode.TokenTruncate => (float)Truncated(Math.Exp(log)),
                    SamplerCorrectionMode.TokenMask => (float)Masked(Math.Exp(log)),
                    SamplerCorrectionMode.SequenceTruncate => (float)Truncated(Math.Exp(sum)),
                    _ => (float)Masked(Math.Exp(sum)),
                }
            ),
        ];
    }

    private double Truncated(double ratio) => Math.Clamp(ratio, SamplerRatioMin, SamplerRatioMax);

    private double Masked(double ratio) => ratio < SamplerRatioMin || ratio > SamplerRatioMax ? 0 : ratio;
}
