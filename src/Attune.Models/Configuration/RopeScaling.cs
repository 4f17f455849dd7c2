namespace Attune.Models.Configuration;

/// <summary>How rotary positions are stretched beyond the context a model was pretrained on.</summary>
public enum RopeScalingKind
{
    /// <summary>Every angle divided by the factor (Chen et al. 2023, arXiv:2306.15595).</summary>
    Linear,

    /// <summary>
    /// A base that grows with the text once that is longer than the context. Within the context, all that is read here, it changes nothing.
    /// </summary>
    Dynamic,

    /// <summary>Slow frequencies divided by the factor, fast ones kept, those between blended (Llama 3.1).</summary>
    Llama3,

    /// <summary>
    /// The same by counting turns within the original context, and attention sharpened a little (YaRN, Peng et al. 2023, arXiv:2309.00071).
    /// </summary>
    Yarn,

    /// <summary>
    /// Each frequency divided by a factor of its own, one for texts within the original context and one for longer texts, and attention
    /// sharpened (LongRoPE, Ding et al. 2024, arXiv:2402.13753; Phi-3).
    /// </summary>
    LongRope,
}

/// <summary>The numbers of <c>rope_scaling</c> or <c>rope_parameters</c> in a <c>config.json</c>.</summary>
/// <param name="Factor">How many times longer the context became.</param>
/// <param name="OriginalContext">Tokens of the context at pretraining; not of
/// <see cref="RopeScalingKind.Linear"/> and <see cref="RopeScalingKind.Dynamic"/>.</param>
/// <param name="Slow">Turns within the original context below which a frequency is divided: low_freq_factor, beta_slow.</param>
/// <param name="Fast">Turns above which it is kept: high_freq_factor, beta_fast.</param>
/// <param name="Attention">What YaRN and LongRoPE multiply cosines and sines by; 1 elsewhere.</param>
public sealed record RopeScaling(
    RopeScalingKind Kind,
    double Factor,
    double OriginalContext = 0,
    double Slow = 1,
    double Fast = 1,
    double Attention = 1
)
{
    /// <summary>YaRN's ramp begins and ends at whole pairs.</summary>
    public bool IsRounded { get; init; } = true;

    /// <summary>Divisors within the original context, one a pair of turned numbers; <see cref="RopeScalingKind.LongRope"/> only.</summary>
    public ValueList<double>? ShortFactors { get; init; }

    /// <summary>Divisors beyond it.</summary>
    public ValueList<double>? LongFactors { get; init; }

    /// <summary>YaRN's sharpening where a configuration names none: 0.1 ln(factor) + 1.</summary>
    public static double YarnAttention(double factor, double weight = 1) => factor <= 1 ? 1 : 0.1 * weight * Math.Log(factor) + 1;

    /// <summary>Radians a token of each pair of a head's numbers.</summary>
    /// <param name="beyond">Of texts longer than the original context.</param>
    internal double[] Stretched(double[] frequencies, double theta, bool beyond = false)
    {
        var half = frequencies.Length;
        return Kind switch
        {
            RopeScalingKind.Linear => [.. frequencies.Select(f => f / Factor)],
            RopeScalingKind.Llama3 => [.. frequencies.Select(f => Blend(f, (OriginalContext * f / (2 * Math.PI) - Slow) / (Fast - Slow)))],
            RopeScalingKind.Yarn => [.. frequencies.Select((f, i) => Blend(f, 1 - Ramp(i, theta, 2 * half)))],
            RopeScalingKind.LongRope => [.. frequencies.Select((f, i) => f / (beyond ? LongFactors! : ShortFactors!)[i])],
            _ => frequencies,
        };

        // kept: 1 leaves a frequency as it is, 0 divides it.
        double Blend(double frequency, double kept) =>
            frequency / Factor * (1 - Math.Clamp(kept, 0, 1)) + frequency * Math.Clamp(kept, 0, 1);
    }

    /// <summary>
    /// 0 at the last pair that turns <see cref="Fast"/> times within the original context, 1 at the first that turns <see cref="Slow"/>
    /// times.
    /// </summary>
    private double Ramp(int pair, double theta, int width)
    {
        var (low, high) = (PairOf(Fast), PairOf(Slow));
        (low, high) = IsRounded ? (Math.Floor(low), Math.Ceiling(high)) : (low, high);
        (low, high) = (Math.Max(low, 0), Math.Min(high, width - 1));
        return Math.Clamp((pair - low) / (high == low ? 0.001 : high - low), 0, 1);

        double PairOf(double turns) => width * Math.Log(OriginalContext / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
    }
}
