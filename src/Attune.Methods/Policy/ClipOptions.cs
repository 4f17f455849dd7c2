using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

/// <summary>The group of options that clips the probability ratio.</summary>
public sealed record ClipOptions
{
    [Description("distance of the probability ratio from 1 at which it is clipped")]
    [Range(0.001, 10)]
    public double ClipRange { get; init; } = 0.2;

    [Description("distance above 1 at which the ratio is clipped, if different (DAPO: 0.28; default: clip_range)")]
    [Range(0.001, 10)]
    public double? ClipRangeHigh { get; init; }

    /// <summary>How far the ratio may fall below 1.</summary>
    public double Low => ClipRange;

    /// <summary>How far it may rise above 1.</summary>
    public double High => ClipRangeHigh ?? ClipRange;

    /// <summary>Where a ratio lies outside the range; [actions], bool.</summary>
    internal Tensor Outside(Tensor ratio) => ratio.lt(1 - Low).logical_or(ratio.gt(1 + High));
}
