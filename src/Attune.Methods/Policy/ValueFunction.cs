using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Training.Batches;
using Attune.Training.Rewards;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

/// <summary>Where PPO's value network comes from.</summary>
public enum ValueNetwork
{
    /// <summary>A network of its own that begins as the reward model, in the reward's own unit.</summary>
    RewardModel,

    /// <summary>A network of its own that begins as the policy, with a fresh head.</summary>
    Policy,

    /// <summary>A head on the policy's trunk, begun at 0.</summary>
    SharedTrunk,
}

/// <summary>V(prompt, answer so far): what PPO subtracts to reduce variance.</summary>
public abstract class ValueFunction : IDisposable
{
    private ValueFunction() { }

    /// <summary>What is trained beside the policy.</summary>
    public abstract IReadOnlyList<FlatParameters> Weights { get; }

    /// <summary>Adds a constant to all values, where what they began as leaves one open.</summary>
    /// <returns>False where nothing was added: a fresh head begins where it begins.</returns>
    public virtual bool Shift(float constant) => false;

    /// <summary>Disposes of what is its own; a network stays with its owner.</summary>
    public abstract void Dispose();

    /// <param name="batch">The sequences.</param>
    /// <param name="policyStates">[answers, width] of the policy's trunk where each answer token was chosen, for those who share
    /// it.</param>
    /// <returns>[answers]: the value of the state in which each answer token was chosen</returns>
    public abstract Tensor OfAnswers(TokenBatch batch, Tensor policyStates);

    /// <summary>
    /// A network of its own, usually begun from the reward model (Stiennon 2020, InstructGPT). Scalar models have no bias, so it stands
    /// beside the network: V = w h + b.
    /// </summary>
    public sealed class Separate : ValueFunction
    {
        private readonly ScalarModel _model;
        private readonly FrozenLayerCache? _shared;
        private readonly bool _begunAsReward;
        private readonly FlatParameters _bias = new([new ParameterSlot("bias", 0, [1])]);

        /// <param name="model">Trained beside the policy. Its head is changed by the unit.</param>
        /// <param name="shared">What frozen layers give, where it shares them with the policy.</param>
        /// <param name="unit">From the model's scores to the rewards that PPO sees: V begins as (score - shift) / scale.</param>
        public Separate(ScalarModel model, FrozenLayerCache? shared = null, RewardUnit? unit = null)
        {
            (_model, _shared, _begunAsReward) = (model, shared, unit is not null);
            Weights = [model.Learner, _bias];
            if (unit is { } given)
            {
                using var quiet = no_grad();
                model.Learner.ExactOf("score").div_(given.Scale);
                model.Learner.Round();
                _bias.ExactOf("bias").fill_(-given.Shift / given.Scale);
            }
        }

        public override IReadOnlyList<FlatParameters> Weights { get; }

        public override Tensor OfAnswers(TokenBatch batch, Tensor policyStates)
        {
            using var scope = NewDisposeScope();
            var scores = _model.ScoresOf(FrozenLayerCache.HiddenAt(_model, batch, batch.Predictors, _shared));
            return (scores + _bias["bias"]).MoveToOuterDisposeScope();
        }

        public override bool Shift(float constant)
        {
            if (_begunAsReward)
            {
                using var quiet = no_grad();
                _bias.ExactOf("bias").add_(constant);
            }

            return _begunAsReward;
        }

        public override void Dispose() => _bias.Dispose();
    }

    /// <summary>A head with a bias on the policy's own trunk, both begun at 0 (Ziegler 2019).</summary>
    public sealed class SharedTrunk : ValueFunction
    {
        private readonly FlatParameters _head;

        /// <param name="width">Of the policy's trunk.</param>
        public SharedTrunk(int width)
        {
            var score = new ParameterSlot("score", 0, [1, width]);
            _head = new FlatParameters([score, new ParameterSlot("bias", ParameterLayout.TotalLength([score]), [1])]);
            Weights = [_head];
        }

        public override IReadOnlyList<FlatParameters> Weights { get; }

        public override Tensor OfAnswers(TokenBatch batch, Tensor policyStates)
        {
            using var scope = NewDisposeScope();
            return nn
                .functional.linear(policyStates.to(ScalarType.Float32), _head["score"], _head["bias"])
                .squeeze(-1)
                .MoveToOuterDisposeScope();
        }

        public override void Dispose() => _head.Dispose();
    }
}
