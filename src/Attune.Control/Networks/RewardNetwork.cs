using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Models.Weights;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Control.Networks;

/// <summary>
/// A reward of a step: a small network with leaky rectifiers between layers, as Christiano et al. 2017 (appendix A.1) have them. Beyond
/// what was labelled they go on rising where tanh is flat, so that a better state than any seen so far is worth more.
/// </summary>
public sealed class RewardNetwork : IDisposable
{
    private const double Leak = 0.01;

    private readonly int[] _widths;

    /// <param name="inputs">numbers of an observation and an action</param>
    /// <param name="hidden">widths of the hidden layers</param>
    /// <param name="seed">Of the first weights: orthogonal, at the end with gain 0.1, so that first rewards are near 0.</param>
    public RewardNetwork(int inputs, IReadOnlyList<int> hidden, Seed seed)
    {
        _widths = [inputs, .. hidden, 1];
        Weights = new FlatParameters(Slots(_widths));
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        for (var layer = 0; layer < Layers; layer++)
        {
            var gain = layer == Layers - 1 ? 0.1 : Math.Sqrt(2);
            var matrix = Orthogonal.Matrix(_widths[layer + 1], _widths[layer], gain, seed.For("weights", layer));
            Weights.ExactOf($"{layer}.weight").copy_(tensor(matrix).view(_widths[layer + 1], _widths[layer]));
        }
    }

    public FlatParameters Weights { get; }

    private int Layers => _widths.Length - 1;

    /// <param name="input">[steps, inputs]</param>
    /// <returns>[steps]</returns>
    public Tensor Forward(Tensor input)
    {
        input.Require([-1, _widths[0]]);
        using var scope = NewDisposeScope();
        for (var layer = 0; layer < Layers; layer++)
        {
            var output = nn.functional.linear(input, Weights[$"{layer}.weight"], Weights[$"{layer}.bias"]);
            input = layer < Layers - 1 ? nn.functional.leaky_relu(output, Leak) : output;
        }

        return input.squeeze(-1).MoveToOuterDisposeScope();
    }

    /// <summary>Sum of the squares of all weights but biases.</summary>
    public Tensor Squares()
    {
        using var scope = NewDisposeScope();
        var sum = zeros(1);
        for (var layer = 0; layer < Layers; layer++)
        {
            sum += Weights[$"{layer}.weight"].square().sum();
        }

        return sum.squeeze().MoveToOuterDisposeScope();
    }

    /// <summary>Multiplies the last layer, and with it every output.</summary>
    public void Shrink(double factor)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        Weights.ExactOf($"{Layers - 1}.weight").mul_(factor);
        Weights.ExactOf($"{Layers - 1}.bias").mul_(factor);
    }

    /// <summary>The present weights without tensors.</summary>
    public Mlp Snapshot()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return new Mlp([.. Enumerable.Range(0, Layers).Select(l => (Numbers($"{l}.weight"), Numbers($"{l}.bias")))], (float)Leak);
    }

    public void Dispose() => Weights.Dispose();

    private float[] Numbers(string name) => Weights.ExactOf(name).detach().contiguous().data<float>().ToArray();

    private static ImmutableArray<ParameterSlot> Slots(int[] widths)
    {
        List<ParameterSlot> slots = [];
        for (var layer = 0; layer < widths.Length - 1; layer++)
        {
            Add($"{layer}.weight", widths[layer + 1], widths[layer]);
            Add($"{layer}.bias", widths[layer + 1]);
        }

        return [.. slots];

        void Add(string name, params long[] shape) =>
            slots.Add(new ParameterSlot(name, slots.Count == 0 ? 0 : ParameterLayout.TotalLength([.. slots]), [.. shape]));
    }
}
