using Attune.Control.Environments;
using Attune.Core.Runs;

namespace Attune.Control.Tamer;

/// <summary>How what a person taught helps an agent that learns by reward (Knox and Stone 2010 AAMAS, 2012 AAMAS).</summary>
public enum Influence
{
    /// <summary>The reward alone.</summary>
    None,

    /// <summary>r + b H(s, a) is learned from.</summary>
    RewardShaping,

    /// <summary>The highest Q(s, a) + b H(s, a) is chosen; what is learned stays the reward's.</summary>
    ActionBiasing,

    /// <summary>With probability b the highest H(s, a) is chosen.</summary>
    ControlSharing,
}

public sealed record TamerWithRewardOptions
{
    public Influence Influence { get; init; } = Influence.ActionBiasing;

    /// <summary>b in the first episode.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>b's factor from one episode to the next.</summary>
    public double WeightDecay { get; init; } = 0.98;

    public double Gamma { get; init; } = 1;

    /// <summary>Of eligibility traces.</summary>
    public double Lambda { get; init; } = 0.9;

    public double Rate { get; init; } = 0.05;

    /// <summary>Share of actions taken by chance.</summary>
    public double Exploration { get; init; }
}

/// <summary>
/// Sarsa(lambda) on a linear Q (Sutton and Barto 2018, section 12.7), beside a model of what a person said that is learned no more.
/// </summary>
public sealed class TamerWithReward(RadialFeatures features, IHumanRewardModel human, TamerWithRewardOptions options, Seed seed)
{
    private readonly double[][] _weights = [.. Enumerable.Range(0, human.Actions).Select(_ => new double[features.Count])];
    private int _episodes;

    /// <summary>b now.</summary>
    public double Weight => options.Influence == Influence.None ? 0 : options.Weight * Math.Pow(options.WeightDecay, _episodes);

    public double Value(ReadOnlySpan<float> observation, int action)
    {
        var (sum, phi) = (0.0, features.Of(observation));
        for (var i = 0; i < phi.Length; i++)
        {
            sum += _weights[action][i] * phi[i];
        }

        return sum;
    }

    /// <summary>What is chosen by, without chance.</summary>
    public double Preference(ReadOnlySpan<float> observation, int action) =>
        Value(observation, action) + (options.Influence == Influence.ActionBiasing ? Weight * human.Predict(observation, action) : 0);

    /// <summary>The reward as it is learned from.</summary>
    public double Shaped(double reward, ReadOnlySpan<float> observation, int action) =>
        reward + (options.Influence == Influence.RewardShaping ? Weight * human.Predict(observation, action) : 0);

    public int Choose(float[] observation, Rng chance)
    {
        if (chance.NextDouble() < options.Exploration)
        {
            return chance.NextInt(human.Actions);
        }

        var shared = options.Influence == Influence.ControlSharing && chance.NextDouble() < Weight;
        return Best(a => shared ? human.Predict(observation, a) : Preference(observation, a), chance);
    }

    /// <summary>Plays an episode, learning.</summary>
    /// <returns>Its return, by the environment's reward.</returns>
    public double Episode(IEnvironment environment)
    {
        var chance = seed.For("episode", _episodes).Rng();
        var observation = environment.Reset((long)(seed.For("reset", _episodes).Value >> 1));
        var traces = Array.ConvertAll(_weights, w => new double[w.Length]);
        var (action, paid) = (Choose(observation, chance), 0.0);
        StepResult step;
        do
        {
            step = environment.Step(action);
            paid += step.Reward;
            var next = Choose(step.Observation, chance);
            var future = step.Terminated ? 0 : options.Gamma * Value(step.Observation, next);
            Learn(observation, action, Shaped(step.Reward, observation, action) + future, traces);
            (observation, action) = (step.Observation, next);
        } while (!step.Ended);

        _episodes++;
        return paid;
    }

    /// <summary>Replacing traces: bumps overlap, so that adding ones would grow without bound.</summary>
    private void Learn(float[] observation, int action, double target, double[][] traces)
    {
        var phi = features.Of(observation);
        var error = target - Value(observation, action);
        for (var a = 0; a < traces.Length; a++)
        {
            for (var i = 0; i < phi.Length; i++)
            {
                var faded = options.Gamma * options.Lambda * traces[a][i];
                traces[a][i] = a == action ? Math.Max(faded, phi[i]) : faded;
                _weights[a][i] += options.Rate * error * traces[a][i];
            }
        }
    }

    private int Best(Func<int, double> value, Rng chance)
    {
        var (best, ties, chosen) = (double.NegativeInfinity, 0, 0);
        for (var action = 0; action < human.Actions; action++)
        {
            var found = value(action);
            ties = found > best ? 1 : ties + (found == best ? 1 : 0);
            if (found > best || (found == best && chance.NextInt(ties) == 0))
            {
                (best, chosen) = (found, action);
            }
        }

        return chosen;
    }
}
