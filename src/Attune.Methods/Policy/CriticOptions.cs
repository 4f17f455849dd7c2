using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Models.Weights;
using Attune.Training.Optimisation;

namespace Attune.Methods.Policy;

/// <summary>The group of options that says how PPO's value function learns beside the policy.</summary>
public sealed record CriticOptions
{
    [Description("rounds at the start in which only the value function learns; they count as rounds of the run")]
    [Range(0, 1_000_000)]
    public int CriticWarmup { get; init; }

    [Description("peak learning rate of the value function (default: learning_rate)")]
    [Range(1e-9, 1)]
    public double? CriticLearningRate { get; init; }

    [Description(
        "largest norm of the value function's gradient, clipped by itself; 0 for no limit (default: max_grad_norm, over policy and "
            + "value function together)"
    )]
    [Range(0, 1e9)]
    public double? CriticMaxGradNorm { get; init; }

    /// <summary>Policy and value function as the optimiser sees them: one group where nothing sets them apart.</summary>
    /// <param name="updatesPerRound">of the run</param>
    internal IReadOnlyList<LearnerGroup> Groups(FlatParameters policy, IReadOnlyList<FlatParameters> value, long updatesPerRound) =>
        this == new CriticOptions()
            ? [new LearnerGroup("", [policy, .. value])]
            :
            [
                new LearnerGroup("", [policy]) { Delay = CriticWarmup * updatesPerRound },
                new LearnerGroup("critic", value) { LearningRate = CriticLearningRate, MaxGradientNorm = CriticMaxGradNorm },
            ];
}
