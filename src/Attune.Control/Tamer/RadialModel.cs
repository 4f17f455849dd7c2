using Attune.Control.Environments;

namespace Attune.Control.Tamer;

/// <summary>A linear model on <see cref="RadialFeatures"/>, a block of weights an action.</summary>
public sealed class RadialModel : IHumanRewardModel
{
    private readonly RadialFeatures _grid;
    private readonly double _rate;
    private readonly double[][] _weights;
    private readonly double[] _features;

    /// <param name="space">bounded in every dimension, at most three of them</param>
    /// <param name="side">bumps a dimension</param>
    /// <param name="rate">of gradient descent</param>
    public RadialModel(BoxSpace space, int actions, int side = 20, double relativeWidth = 0.08, double rate = 0.2)
    {
        (_grid, _rate) = (new RadialFeatures(space, side, relativeWidth), rate);
        _features = new double[_grid.Count];
        _weights = [.. Enumerable.Range(0, actions).Select(_ => new double[_grid.Count])];
    }

    public int Actions => _weights.Length;

    public double Predict(ReadOnlySpan<float> observation, int action)
    {
        _grid.Fill(observation, _features);
        return Product(_weights[action]);
    }

    public void Learn(ReadOnlySpan<float> observation, int action, double target, double weight)
    {
        _grid.Fill(observation, _features);
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
}
