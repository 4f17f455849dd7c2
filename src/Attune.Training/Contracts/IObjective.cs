using Attune.Core.Runs;
using Attune.Models.Weights;
using Attune.Training.Optimisation;
using TorchSharp;

namespace Attune.Training.Contracts;

/// <summary>The mathematics of one algorithm: items in, one differentiable sum out. The loop knows nothing else of it.</summary>
public interface IObjective<in T>
{
    /// <summary>What is trained, in a fixed order; the loop leaves out what is frozen in them.</summary>
    IReadOnlyList<FlatParameters> Learners { get; }

    /// <summary>
    /// The learners by what they learn with: together all of <see cref="Learners"/>, in its order. One group, unless an objective wants
    /// another learning rate or gradient clip for some of them.
    /// </summary>
    IReadOnlyList<LearnerGroup> Groups => [new LearnerGroup("", Learners)];

    /// <summary>The item's share of the mean: 1 for a pair, the number of answer tokens for a mean over tokens.</summary>
    double Weight(T item);

    /// <summary>
    /// Tokens of the item's longest row: microbatches are formed by it, so that short items do not pay for long ones' padding.
    /// </summary>
    int Length(T item);

    /// <summary>Tokens of all the item's rows, without padding: what the model reads to learn from it.</summary>
    int Tokens(T item) => Length(item);

    /// <summary>Synchronous, inside the caller's dispose scope: scopes and grad mode belong to the thread.</summary>
    ObjectiveValue Evaluate(IReadOnlyList<T> items);
}

/// <summary>The loss <b>summed</b> over the items' weights (a scalar, float32 at least), and what was measured meanwhile.</summary>
public readonly record struct ObjectiveValue(torch.Tensor SummedLoss, Metrics Metrics);
