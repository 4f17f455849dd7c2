using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Training.Optimisation;

/// <summary>
/// An exponential moving average of what is trained: after each update, average := decay average + (1 - decay) weights. It begins as the
/// weights that training starts from.
/// </summary>
public sealed class WeightEma : IDisposable
{
    private readonly IReadOnlyList<FlatParameters> _learners;
    private readonly double _decay;

    public WeightEma(IReadOnlyList<FlatParameters> learners, double decay)
    {
        (_learners, _decay) = (learners, decay);
        Averages = [.. learners.Select(Copy)];
    }

    /// <summary>In float32, in the learners' order; checkpoints keep them.</summary>
    public IReadOnlyList<FlatParameters> Averages { get; }

    /// <summary>Takes the learners' present weights into the averages. Weights that never change stay what they are, bit for bit.</summary>
    public void Update()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        foreach (var (average, learner) in Averages.Zip(_learners))
        {
            average.Values.add_(learner.Exact - average.Values, 1 - _decay);
        }
    }

    /// <summary>Makes the learners their averages.</summary>
    public void Use()
    {
        using var quiet = no_grad();
        foreach (var (average, learner) in Averages.Zip(_learners))
        {
            learner.Exact.copy_(average.Values);
            learner.Round();
        }
    }

    public void Dispose()
    {
        foreach (var average in Averages)
        {
            average.Dispose();
        }
    }

    private static FlatParameters Copy(FlatParameters learner)
    {
        using var quiet = no_grad();
        var copy = new FlatParameters(learner.Slots, ScalarType.Float32, learner.Values.device);
        copy.Values.copy_(learner.Exact);
        return copy;
    }
}
