using Attune.Control.Environments;

namespace Attune.Control.Tamer;

/// <summary>
/// A linear model on a grid of Gaussian bumps over the bounded observation, a block of weights an action and a bias feature of 0.1, as Knox
/// and Stone used it on MountainCar: observations scaled to [-1, 1], phi = exp(-d^2 / (2 w)) with w = 2 relativeWidth / (n - 1).
/// </summary>
public sealed class RadialModel : IHumanRewardModel
{
    private const double Bias = 0.1;

    private readonly BoxSpace _space;
    private readonly int _side;
    private readonly double _width;
    private readonly double _rate;
    private readonly double[][] _weights;
    private readonly double[] _features;

    /// <param name="space">bounded in every dimension, at most three of them</param>
    /// <param name="side">bumps a dimension</param>
    /// <param name="rate">of gradient descent</param>
    public RadialModel(BoxSpace space, int actions, int side = 20, double relativeWidth = 0.08, double rate = 0.2)
    {
        if (space.Length > 3 || space.Low.Concat(space.High).Any(b => !float.IsFinite(b)))
        {
            throw new ArgumentException("a grid of bumps needs at most three observations with finite bounds; use a NetworkModel.");
        }

        (_space, _side, _width, _rate) = (space, side, 2 * relativeWidth / (side - 1), rate);
        var count = 1 + (int)Math.Pow(side, space.Length);
        _features = new double[count];
        _weights = [.. Enumerable.Range(0, actions).Select(_ => new double[count])];
    }

    public int Actions => _weights.Length;

    public double Predict(ReadOnlySpan<float> observation, int action)
    {
        Fill(observation);
        return Product(_weights[action]);
    }

    public void Learn(ReadOnlySpan<float> observation, int action, double target, double weight)
    {
        Fill(observation);
        var weights = _weights[action];
        var step = _rate * weight * (target - Product(weights));
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] += step * _features[i];
        }
    }

    public double[] Weights() => [.. _weights.SelectMany(w => w)];

    private double Product(double[] weights)
    {
        var sum = 0.0;
        for (var i = 0; i < weights.Length; i++)
        {
            sum += weights[i] * _features[i];
        }

        return sum;
    }

    /// <summary>A bump is the product of one factor a dimension, so that few exponentials are needed.</summary>
    private void Fill(ReadOnlySpan<float> observation)
    {
        _features[0] = 1;
        var filled = 1;
        for (var d = 0; d < observation.Length; d++)
        {
            var scaled = 2 * ((double)observation[d] - _space.Low[d]) / ((double)_space.High[d] - _space.Low[d]) - 1;
            for (var k = _side - 1; k >= 0; k--) // from the end, because the first block is still read
            {
                var distance = scaled - (2.0 * k / (_side - 1) - 1);
                var factor = Math.Exp(-distance * distance / (2 * _width));
                for (var i = 0; i < filled; i++)
                {
                    _features[k * filled + i] = _features[i] * factor;
                }
            }

            filled *= _side;
        }

        _features[^1] = Bias;
    }
}
