using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Methods.Policy;

/// <summary>The group of options that leaves answers or tokens out of the loss.</summary>
public sealed record TokenSelection
{
    [Description(
        "leave answers without an end token out of the loss (DAPO's overlong filtering); their rewards still count in their group"
    )]
    public bool MaskTruncated { get; init; }

    [Description("share of the tokens to learn from, those with the highest entropy (Wang et al. 2025: 0.2); 1 for all")]
    [Range(0.001, 1)]
    public double TopEntropy { get; init; } = 1;

    [Description(
        "leave out answers with a negative advantage whose tokens have lost more than this many nats on average since they were "
            + "sampled (DeepSeek-V3.2); 0 for no limit"
    )]
    [Range(0, 1000)]
    public double OffPolicyThreshold { get; init; }
}
