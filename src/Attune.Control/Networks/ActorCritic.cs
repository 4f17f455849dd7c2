using System.Collections.Immutable;
using Attune.Control.Environments;
using Attune.Core.Runs;
using Attune.Models.Weights;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Control.Networks;

/// <summary>
/// A policy and a value function, each a small network with tanh between layers, on one flat tensor of weights. Discrete actions are
/// drawn from a softmax; real ones from a normal distribution whose deviations are weights of their own, the same in every state.
/// </summary>
public sealed class ActorCritic : IDisposable
{
    private readonly int[] _hidden;

    /// <param name="hidden">Widths of the hidden layers of each network.</param>
    /// <param name="seed">Of the first weights: orthogonal with gain sqrt 2, at the policy's end 0.01, at the value's 1; biases 0.</param>
    public ActorCritic(Space observations, Space actions, IReadOnlyList<int> hidden, Seed seed)
    {
        (Observations, Actions, _hidden) = (observations, actions, [.. hidden]);
        Weights = new FlatParameters(Slots());
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        foreach (var (slot, index) in Weights.Slots.Select((s, i) => (s, i)).Where(p => p.s.IsMatrix))
        {
            var (outputs, inputs) = ((int)slot.Shape[0], (int)slot.Shape[1]);
            var matrix = Orthogonal.Matrix(outputs, inputs, Gain(slot.Name), seed.For("weights", index));
            Weights.ExactOf(slot.Name).copy_(tensor(matrix).view([outputs, inputs]));
        }
    }

    public Space Observations { get; }

    public Space Actions { get; }

    public FlatParameters Weights { get; }

    internal int Layers => _hidden.Length + 1;

    internal bool IsDiscrete => Actions is DiscreteSpace;

    /// <summary>What a policy-gradient loss needs of each step, with gradient.</summary>
    /// <param name="observations">[steps, encoded observation]</param>
    /// <param name="actions">[steps, action]; a discrete action is its number</param>
    /// <returns>[steps] each: log-probability of the action and entropy of its distribution in nats, value of the state</returns>
    public (Tensor LogProbs, Tensor Entropy, Tensor Values) Evaluate(Tensor observations, Tensor actions)
    {
        observations.Require([-1, Observations.EncodedLength]);
        actions.Require([observations.shape[0], Actions.Length]);
        var output = Forward("policy", observations);
        var values = Forward("value", observations).squeeze(-1);
        if (IsDiscrete)
        {
            var logs = output.log_softmax(-1);
            return (logs.gather(1, actions.to(ScalarType.Int64)).squeeze(-1), -(logs.exp() * logs).sum(-1), values);
        }

        var logDeviations = Weights["deviations"];
        var distances = (actions - output) / logDeviations.exp();
        var perDimension = distances.square() / -2 - logDeviations - Math.Log(2 * Math.PI) / 2;
        var entropy = (logDeviations + (1 + Math.Log(2 * Math.PI)) / 2).sum().expand(values.shape[0]);
        return (perDimension.sum(-1), entropy, values);
    }

    /// <summary>The present weights for rollouts.</summary>
    public ActingPolicy Snapshot() => new(this);

    public void Dispose() => Weights.Dispose();

    internal static string Name(string network, int layer, string part) => $"{network}.{layer}.{part}";

    private Tensor Forward(string network, Tensor input)
    {
        for (var layer = 0; layer < Layers; layer++)
        {
            var output = nn.functional.linear(input, Weights[Name(network, layer, "weight")], Weights[Name(network, layer, "bias")]);
            input = layer < Layers - 1 ? output.tanh() : output;
        }

        return input;
    }

    private double Gain(string name) =>
        name == Name("policy", Layers - 1, "weight") ? 0.01
        : name == Name("value", Layers - 1, "weight") ? 1
        : Math.Sqrt(2);

    private ImmutableArray<ParameterSlot> Slots()
    {
        var actions = Actions is DiscreteSpace discrete ? discrete.Count : Actions.Length;
        List<ParameterSlot> slots = [];
        foreach (var (network, outputs) in new[] { ("policy", actions), ("value", 1) })
        {
            int[] widths = [Observations.EncodedLength, .. _hidden, outputs];
            for (var layer = 0; layer < Layers; layer++)
            {
                Add(Name(network, layer, "weight"), widths[layer + 1], widths[layer]);
                Add(Name(network, layer, "bias"), widths[layer + 1]);
            }
        }

        if (!IsDiscrete)
        {
            Add("deviations", actions); // their logarithms: 0 at first, a deviation of 1
        }

        return [.. slots];

        void Add(string name, params long[] shape) =>
            slots.Add(new ParameterSlot(name, slots.Count == 0 ? 0 : ParameterLayout.TotalLength([.. slots]), [.. shape]));
    }
}
