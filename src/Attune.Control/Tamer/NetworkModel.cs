using Attune.Control.Environments;
using Attune.Core.Runs;

namespace Attune.Control.Tamer;

/// <summary>
/// A network with one hidden layer of tanh and an output an action. Observations with finite bounds are scaled to [-1, 1]; others are read
/// as they are. One example at a time, in double precision.
/// </summary>
public sealed class NetworkModel : IHumanRewardModel
{
    private readonly BoxSpace _space;
    private readonly double _rate;
    private readonly double[][] _first; // [hidden][observation + 1], the bias last
    private readonly double[][] _second; // [actions][hidden + 1]
    private readonly double[] _input;
    private readonly double[] _hidden;

    /// <param name="seed">of the first layer's weights; the second begins at 0, so that nothing is preferred at first</param>
    public NetworkModel(BoxSpace space, int actions, Seed seed, int hidden = 32, double rate = 0.05)
    {
        (_space, _rate) = (space, rate);
        var random = seed.Rng();
        var spread = 1 / Math.Sqrt(space.Length + 1);
        _first = [.. Enumerable.Range(0, hidden).Select(_ => Row(space.Length + 1, () => 2 * spread * random.NextNormal()))];
        _second = [.. Enumerable.Range(0, actions).Select(_ => new double[hidden + 1])];
        (_input, _hidden) = (new double[space.Length + 1], new double[hidden + 1]);
    }

    public int Actions => _second.Length;

    public double Predict(ReadOnlySpan<float> observation, int action)
    {
        Fill(observation);
        return Product(_second[action], _hidden);
    }

    public void Learn(ReadOnlySpan<float> observation, int action, double target, double weight)
    {
        Fill(observation);
        var row = _second[action];
        var step = _rate * weight * (target - Product(row, _hidden));
        for (var h = 0; h < _first.Length; h++)
        {
            var back = step * row[h] * (1 - _hidden[h] * _hidden[h]);
            for (var i = 0; i < _input.Length; i++)
            {
                _first[h][i] += back * _input[i];
            }
        }

        for (var h = 0; h < row.Length; h++)
        {
            row[h] += step * _hidden[h];
        }
    }

    public double[] Weights() => [.. _first.Concat(_second).SelectMany(w => w)];

    private void Fill(ReadOnlySpan<float> observation)
    {
        for (var d = 0; d < observation.Length; d++)
        {
            var (low, high) = ((double)_space.Low[d], (double)_space.High[d]);
            _input[d] = double.IsFinite(low) && double.IsFinite(high) ? 2 * (observation[d] - low) / (high - low) - 1 : observation[d];
        }

        _input[^1] = 1;
        for (var h = 0; h < _first.Length; h++)
        {
            _hidden[h] = Math.Tanh(Product(_first[h], _input));
        }

        _hidden[^1] = 1;
    }

    private static double Product(double[] left, double[] right)
    {
        var sum = 0.0;
        for (var i = 0; i < left.Length; i++)
        {
            sum += left[i] * right[i];
        }

        return sum;
    }

    private static double[] Row(int length, Func<double> draw) => [.. Enumerable.Range(0, length).Select(_ => draw())];
}
