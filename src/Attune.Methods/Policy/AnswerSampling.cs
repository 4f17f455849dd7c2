using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Models.Weights;

namespace Attune.Methods.Policy;

/// <summary>The group of options that says how answers are drawn in training.</summary>
public sealed record AnswerSampling
{
    [Description("sampling temperature (below 1 more predictable, above 1 more varied); log-probabilities use the same temperature")]
    [Range(0.01, 100)]
    public double Temperature { get; init; } = 1;

    [Description("longest answer, in tokens")]
    [Range(1, 100_000)]
    public int MaxNewTokens { get; init; } = 53;

    [Description("number type for sampling: f32 or bf16 (default: the stage's precision)")]
    public Precision? RolloutPrecision { get; init; }
}
