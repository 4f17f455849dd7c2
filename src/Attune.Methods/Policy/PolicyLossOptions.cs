using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Methods.Policy;

/// <summary>The policy term of a group method's loss: a function of the probability ratio and the advantage.</summary>
public enum PolicyLoss
{
    /// <summary>The clipped surrogate of PPO and GRPO.</summary>
    Clip,

    /// <summary>REINFORCE with a clipped importance weight that carries no gradient (MiniMax 2025, CISPO).</summary>
    Cispo,

    /// <summary>A sigmoid gate in place of the clip (Gao et al. 2025, SAPO).</summary>
    Sapo,

    /// <summary>The geometric mean of the tokens' clipped ratios (Zhao et al. 2025, GMPO).</summary>
    Gmpo,

    /// <summary>REINFORCE weighted by a smooth function of the whole answer's ratio (VESPO).</summary>
    Vespo,
}

/// <summary>What a probability ratio belongs to.</summary>
public enum ImportanceLevel
{
    Token,

    /// <summary>The whole answer: the geometric mean of its tokens' ratios (Zheng et al. 2025, GSPO).</summary>
    Sequence,
}

/// <summary>The group of options that chooses the policy term of a group method.</summary>
public sealed record PolicyLossOptions
{
    [Description("policy term: clip (PPO's), cispo, sapo, gmpo or vespo")]
    public PolicyLoss PolicyLoss { get; init; } = PolicyLoss.Clip;

    [Description("probability ratio of each token, or of the whole sequence (GSPO): the geometric mean of its tokens' ratios")]
    public ImportanceLevel ImportanceLevel { get; init; } = ImportanceLevel.Token;

    [Description("sapo only: temperature of the gate for positive advantages")]
    [Range(0.001, 1000)]
    public double SapoTemperaturePositive { get; init; } = 1;

    [Description("sapo only: temperature of the gate for negative advantages")]
    [Range(0.001, 1000)]
    public double SapoTemperatureNegative { get; init; } = 1.05;

    [Description("vespo only: power of the answer's ratio for positive advantages")]
    [Range(0, 100)]
    public double VespoPowerPositive { get; init; } = 2;

    [Description("vespo only: rate at which large ratios are damped for positive advantages")]
    [Range(0, 100)]
    public double VespoRatePositive { get; init; } = 3;

    [Description("vespo only: power of the answer's ratio for negative advantages")]
    [Range(0, 100)]
    public double VespoPowerNegative { get; init; } = 3;

    [Description("vespo only: rate at which large ratios are damped for negative advantages")]
    [Range(0, 100)]
    public double VespoRateNegative { get; init; } = 2;
}
