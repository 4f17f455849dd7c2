using Attune.Models.Architecture;
using static TorchSharp.torch;

namespace Attune.Training.Rewards;

/// <summary>
/// One model with the mean of several models' weights (WARM, Ramé et al. 2024, arXiv:2401.12187). It works where all began from the same
/// weights, the head included: between models that began apart, the mean is none of them.
/// </summary>
public static class WeightAverage
{
    /// <param name="members">of one architecture, without adapters; the first becomes the average, the others are disposed of</param>
    public static ScalarModel Into(IReadOnlyList<ScalarModel> members)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var average = members[0].Weights;
        foreach (var other in members.Skip(1))
        {
            average.Exact.add_(other.Weights.Exact);
            other.Dispose();
        }

        average.Exact.div_(members.Count);
        average.Round();
        return members[0];
    }
}
