namespace Attune.Models.Weights;

/// <summary>What a model is trained in.</summary>
public enum Precision
{
    /// <summary>Everything in float32: the exact mode.</summary>
    F32,

    /// <summary>
    /// Products on weights and gradients in bfloat16; the optimiser's master weights and moments, losses and reductions in float32
    /// (Micikevicius et al. 2018, arXiv:1710.03740; bfloat16 has float32's range, so the loss needs no scaling).
    /// </summary>
    Bf16,
}
