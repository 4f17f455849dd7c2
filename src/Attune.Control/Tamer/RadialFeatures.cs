using Attune.Control.Environments;

namespace Attune.Control.Tamer;

/// <summary>
/// A grid of Gaussian bumps over a bounded observation and a bias of 0.1, as Knox and Stone used it on MountainCar: observations scaled to
/// [-1, 1], phi = exp(-d^2 / (2 w)) with w = 2 relativeWidth / (n - 1).
/// </summary>
public sealed class RadialFeatures
{
    private const double Bias = 0.1;

    private readonly BoxSpace _space;
    private readonly int _side;
    private readonly double _width;

    /// <param name="space">bounded in every dimension, at most three of them</param>
    /// <param name="side">bumps a dimension</param>
    public RadialFeatures(BoxSpace space, int side = 20, double relativeWidth = 0.08)
    {
        if (space.Length > 3 || space.Low.Concat(space.High).Any(b => !float.IsFinite(b)))
        {
            throw new ArgumentException("a grid of bumps needs at most three observations with finite bounds; use a NetworkModel.");
        }

        (_space, _side, _width) = (space, side, 2 * relativeWidth / (side - 1));
        Count = 1 + (int)Math.Pow(side, space.Length);
    }

    public int Count { get; }

    /// <summary>A bump is the product of one factor a dimension, so that few exponentials are needed.</summary>
    /// <param name="features">[<see cref="Count"/>], written</param>
    public void Fill(ReadOnlySpan<float> observation, Span<double> features)
    {
        features[0] = 1;
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
                    features[k * filled + i] = features[i] * factor;
                }
            }

            filled *= _side;
        }

        features[^1] = Bias;
    }

    public double[] Of(ReadOnlySpan<float> observation)
    {
        var features = new double[Count];
        Fill(observation, features);
        return features;
    }
}
