using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Rollouts;

namespace Attune.Recipes.Stages;

/// <summary>The group of options that says how a stage draws answers of the policy to be judged.</summary>
public sealed record DrawnAnswers
{
    [Description("sampling temperature: below 1 more predictable, above 1 more varied")]
    [Range(0.01, 100)]
    public double Temperature { get; init; } = 1;

    [Description("keep tokens at least this fraction as likely as the likeliest; 0 keeps all")]
    [Range(0, 0.999)]
    public double MinP { get; init; }

    [Description("longest answer, in tokens")]
    [Range(1, 100_000)]
    public int MaxNewTokens { get; init; } = 64;

    internal SamplingOptions Sampling =>
        new()
        {
            Temperature = Temperature,
            MinP = MinP,
            MaxNewTokens = MaxNewTokens,
        };
}
