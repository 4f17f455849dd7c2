using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Training.Batches;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

/// <summary>Where PPO's value network comes from.</summary>
public enum ValueNetwork
{
    /// <summary>A network of its own that begins as the reward model.</summary>
    RewardModel,

    /// <summary>A network of its own that begins as the policy, with a fresh head.</summary>
    Policy,

    /// <summary>A head on the policy's trunk, begun at 0.</summary>
    SharedTrunk,
}

/// <summary>V(prompt, answer so far): what PPO subtracts to reduce variance.</summary>
public abstract class ValueFunction
{
    private ValueFunction() { }

    /// <summary>What is trained beside the policy.</summary>
    public abstract FlatParameters Weights { get; }

    /// <param name="batch">The sequences.</param>
    /// <param name="policyStates">[answers, width] of the policy's trunk where each answer token was chosen, for those who share
    /// it.</param>
    /// <returns>[answers]: the value of the state in which each answer token was chosen</returns>
    public abstract Tensor OfAnswers(TokenBatch batch, Tensor policyStates);

    /// <summary>A network of its own, usually begun from the reward model (Stiennon 2020, InstructGPT).</summary>
    /// <param name="model">Trained beside the policy.</param>
    /// <param name="shared">What frozen layers give, where it shares them with the policy.</param>
    public sealed class Separate(ScalarModel model, FrozenLayerCache? shared = null) : ValueFunction
    {
        public override FlatParameters Weights => model.Learner;

        public override Tensor OfAnswers(TokenBatch batch, Tensor policyStates)
        {
            using var scope = NewDisposeScope();
            return model.ScoresOf(FrozenLayerCache.HiddenAt(model, batch, batch.Predictors, shared)).MoveToOuterDisposeScope();
        }
    }

    /// <summary>A head on the policy's own trunk, begun at 0 (Ziegler 2019).</summary>
    public sealed class SharedTrunk : ValueFunction
    {
        /// <param name="width">Of the policy's trunk.</param>
        public SharedTrunk(int width)
        {
            Weights = new FlatParameters([new ParameterSlot("score", 0, [1, width])]);
        }

        public override FlatParameters Weights { get; }

        public override Tensor OfAnswers(TokenBatch batch, Tensor policyStates)
        {
            using var scope = NewDisposeScope();
            return nn.functional.linear(policyStates.to(ScalarType.Float32), Weights["score"]).squeeze(-1).MoveToOuterDisposeScope();
        }
    }
}
