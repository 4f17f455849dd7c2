using System.Collections.Immutable;
using Attune.Core;

namespace Attune.Worlds.Annotators;

/// <summary>How simulated annotators see and err. All amounts of utility are in the units of the <see cref="IUtility"/>.</summary>
public sealed record AnnotatorOptions
{
    public int Count { get; init; } = 5;

    /// <summary>
    /// Temperature of the Bradley-Terry choice: P(a over b) = sigmoid((u_a - u_b) / Noise). 0 never errs.
    /// </summary>
    public double Noise { get; init; } = 0.5;

    /// <summary>The share of labels that are swapped by accident, regardless of the difference; 0 to 0.5.</summary>
    public double FlipRate { get; init; }

    /// <summary>Standard deviation over annotators of the factor, 1 on average, on each component of the utility.</summary>
    public double Disagreement { get; init; }

    /// <summary>Utility that the answer shown first gains by its place.</summary>
    public double PositionBias { get; init; }

    /// <summary>Utility that every annotator sees in ten more words, beyond what the utility says of length.</summary>
    public double LengthBias { get; init; }

    /// <summary>
    /// Differences up to this are called equal: P(a over b) = sigmoid((u_a - u_b - TieBand) / Noise), the rest ties
    /// (Rao and Kupper 1967). 0: no ties.
    /// </summary>
    public double TieBand { get; init; }

    public MarginReport Margins { get; init; }

    /// <summary>Groups of differing taste; none: one group of the plain utility. Shares are relative.</summary>
    public ImmutableArray<AnnotatorGroup> Groups { get; init; } = [];

    /// <exception cref="ConfigurationException">Values that cannot be: all of them are listed.</exception>
    public void Validate()
    {
        var problems = new List<string>();
        Require(Count >= 1, $"annotators: count is {Count}; at least 1 is needed.");
        Require(double.IsFinite(Noise) && Noise >= 0, $"annotators: noise is {Noise}; it must be 0 or more.");
        Require(FlipRate is >= 0 and <= 0.5, $"annotators: flip rate is {FlipRate}; it must be from 0 to 0.5.");
        Require(double.IsFinite(Disagreement) && Disagreement >= 0, $"annotators: disagreement is {Disagreement}; it must be 0 or more.");
        Require(double.IsFinite(TieBand) && TieBand >= 0, $"annotators: tie band is {TieBand}; it must be 0 or more.");
        Require(double.IsFinite(PositionBias), $"annotators: position bias is {PositionBias}; it must be a number.");
        Require(double.IsFinite(LengthBias), $"annotators: length bias is {LengthBias}; it must be a number.");
        foreach (var group in Groups)
        {
            Require(group.Share > 0, $"annotators: group '{group.Name}' has the share {group.Share}; it must be more than 0.");
        }

        if (problems.Count > 0)
        {
            throw new ConfigurationException(problems);
        }

        void Require(bool holds, string problem)
        {
            if (!holds)
            {
                problems.Add(problem);
            }
        }
    }
}
