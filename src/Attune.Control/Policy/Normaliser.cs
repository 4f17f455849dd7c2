namespace Attune.Control.Policy;

/// <summary>
/// Observations with mean 0 and variance 1, and rewards divided by the deviation of the running return, as stable-baselines3's VecNormalize
/// does both: statistics first, then their use; a reward keeps its mean, so that its sign still says what is good.
/// </summary>
/// <param name="width">Numbers of an observation.</param>
/// <param name="environments">Played side by side.</param>
/// <param name="gamma">Discount of the running return.</param>
public sealed class Normaliser(int width, int environments, double gamma)
{
    private const double Epsilon = 1e-8;

    private double[] _returns = new double[environments];

    public ColumnMoments Observed { get; } = new(width);

    public ColumnMoments Returned { get; } = new(1);

    /// <summary>Whether observations are normalised; else they pass through.</summary>
    public bool Observations { get; init; } = true;

    /// <summary>Whether rewards are normalised; else they pass through.</summary>
    public bool Rewards { get; init; } = true;

    /// <summary>Normalised observations are clipped to this distance from 0.</summary>
    public double MostObservation { get; init; } = 10;

    /// <summary>Normalised rewards are clipped to this distance from 0.</summary>
    public double MostReward { get; init; } = 10;

    /// <summary>Takes the environments' present observations into the statistics.</summary>
    public void Learn(IReadOnlyList<float[]> observations)
    {
        if (Observations)
        {
            Observed.Update([.. observations.Select(o => Array.ConvertAll(o, x => (double)x))]);
        }
    }

    public float[] Normalise(float[] observation)
    {
        if (!Observations)
        {
            return observation;
        }

        var normal = new float[observation.Length];
        for (var i = 0; i < normal.Length; i++)
        {
            var value = (observation[i] - Observed.Mean[i]) / Math.Sqrt(Observed.Variance[i] + Epsilon);
            normal[i] = (float)Math.Clamp(value, -MostObservation, MostObservation);
        }

        return normal;
    }

    /// <summary>Takes a step's rewards into the statistics and normalises them.</summary>
    /// <param name="rewards">[environments]</param>
    /// <param name="ended">[environments]: where an episode ended with this step</param>
    public double[] Normalise(double[] rewards, bool[] ended)
    {
        if (!Rewards)
        {
            return rewards;
        }

        for (var e = 0; e < rewards.Length; e++)
        {
            _returns[e] = _returns[e] * gamma + rewards[e];
        }

        Returned.Update([.. _returns.Select(r => new[] { r })]);
        var scale = 1 / Math.Sqrt(Returned.Variance[0] + Epsilon);
        for (var e = 0; e < rewards.Length; e++)
        {
            _returns[e] = ended[e] ? 0 : _returns[e];
        }

        return Array.ConvertAll(rewards, r => Math.Clamp(r * scale, -MostReward, MostReward));
    }

    internal double[] Save() => [.. _returns, .. Returned.Save(), .. Observed.Save()];

    internal void Restore(double[] saved)
    {
        _returns = saved[.._returns.Length];
        Returned.Restore(saved[_returns.Length..(_returns.Length + 3)]);
        Observed.Restore(saved[(_returns.Length + 3)..]);
    }
}
