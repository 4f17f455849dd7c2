using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Rollouts;
using Attune.Kernels;

namespace Attune.Methods.Policy;

/// <summary>The group of options that says how answers are drawn in training.</summary>
public sealed record AnswerSampling
{
    [Description("sampling temperature (below 1 more predictable, above 1 more varied); log-probabilities use the same temperature")]
    [Range(0.01, 100)]
    public double Temperature { get; init; } = 1;

    [Description("draw from the k likeliest tokens only; 0 for all")]
    [Range(0, 1_000_000)]
    public int TopK { get; init; }

    [Description("draw from the fewest likeliest tokens whose probability reaches this; 1 for all")]
    [Range(0.0001, 1)]
    public double TopP { get; init; } = 1;

    [Description("draw from tokens at least this fraction as likely as the likeliest; 0 for all")]
    [Range(0, 0.9999)]
    public double MinP { get; init; }

    [Description("texts that end an answer, beside the end token; such an answer counts as ended")]
    public ImmutableArray<string> Stop { get; init; } = [];

    [Description("longest answer, in tokens")]
    [Range(1, 100_000)]
    public int MaxNewTokens { get; init; } = 53;

    [Description("number type for sampling: f32, bf16, or weights in 8 or 4 bits, q8 or q4 (default: the stage's precision)")]
    public KernelType? RolloutPrecision { get; init; }

    /// <summary>As a sampler takes it; where something is cut, rollouts say what was left, so that the ratio can be exact.</summary>
    public SamplingOptions ToSampler() =>
        new()
        {
            Temperature = Temperature,
            MaxNewTokens = MaxNewTokens,
            TopK = TopK,
            TopP = TopP,
            MinP = MinP,
            StopSequences = Stop,
            ReportSupport = true,
        };
}
