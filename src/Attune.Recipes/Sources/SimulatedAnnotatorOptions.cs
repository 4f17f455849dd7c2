using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Worlds.Annotators;

namespace Attune.Recipes.Sources;

/// <summary>
/// Simulated annotators as a recipe describes them. Utilities have a standard deviation of about 1 over ordinary reviews.
/// </summary>
public sealed record SimulatedAnnotatorOptions
{
    [Description("number of annotators")]
    [Range(1, 10_000)]
    public int Count { get; init; } = 5;

    [Description("temperature of their choices: P(a over b) = sigmoid((u_a - u_b) / noise); 0 never errs")]
    [Range(0, 1000)]
    public double Noise { get; init; } = 0.5;

    [Description("share of labels flipped by accident")]
    [Range(0, 0.5)]
    public double FlipRate { get; init; }

    [Description("standard deviation, between annotators, of the weight of each reason")]
    [Range(0, 100)]
    public double Disagreement { get; init; }

    [Description("extra utility of the answer shown first")]
    [Range(-100, 100)]
    public double PositionBias { get; init; }

    [Description("extra utility of ten more words, for every annotator")]
    [Range(-100, 100)]
    public double LengthBias { get; init; }

    [Description("differences of utility up to this are called a tie")]
    [Range(0, 100)]
    public double TieBand { get; init; }

    public AnnotatorOptions ToOptions() =>
        new()
        {
            Count = Count,
            Noise = Noise,
            FlipRate = FlipRate,
            Disagreement = Disagreement,
            PositionBias = PositionBias,
            LengthBias = LengthBias,
            TieBand = TieBand,
        };
}
