using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Worlds.Annotators;

namespace Attune.Recipes.Sources;

/// <summary>
/// Simulated annotators as a recipe describes them. Utilities have a standard deviation of about 1 over ordinary reviews.
/// </summary>
public sealed record SimulatedAnnotatorOptions
{
    [Description("how many annotators share the work")]
    [Range(1, 10_000)]
    public int Count { get; init; } = 5;

    [Description("temperature of their choices: P(a over b) = sigmoid((u_a - u_b) / noise); 0 never errs")]
    [Range(0, 1000)]
    public double Noise { get; init; } = 0.5;

    [Description("share of labels given the wrong way round by accident")]
    [Range(0, 0.5)]
    public double FlipRate { get; init; }

    [Description("standard deviation between annotators of what each reason is worth to them")]
    [Range(0, 100)]
    public double Disagreement { get; init; }

    [Description("utility that the answer shown first gains by its place")]
    [Range(-100, 100)]
    public double PositionBias { get; init; }

    [Description("utility that every annotator sees in ten more words")]
    [Range(-100, 100)]
    public double LengthBias { get; init; }

    [Description("differences up to this are called equal")]
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
