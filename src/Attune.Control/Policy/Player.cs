using Attune.Control.Environments;
using Attune.Control.Networks;
using Attune.Core.Runs;

namespace Attune.Control.Policy;

/// <summary>One environment of a round: what was seen, done and paid at each of its steps.</summary>
/// <param name="length">Steps of a round.</param>
internal sealed class Player(IEnvironment environment, int length)
{
    private readonly float[][] _observations = new float[length][];
    private readonly float[][] _actions = new float[length][];
    private readonly float[][] _raw = new float[length][]; // observations as the environment gives them
    private readonly float[][] _acted = new float[length][]; // actions as it took them
    private readonly double[] _paidAt = new double[length]; // what it paid
    private readonly double[] _logProbs = new double[length];
    private readonly double[] _values = new double[length];
    private readonly double[] _valuesAtEnd = new double[length];
    private readonly bool[] _terminated = new bool[length];
    private readonly bool[] _truncated = new bool[length];
    private float[]? _last; // the observation before a reset
    private double _paid;
    private int _steps;

    public double[] Rewards { get; } = new double[length];

    /// <summary>What is acted on next: after an end, of the next episode.</summary>
    public float[] Observation { get; private set; } = [];

    public bool EndedAt(int step) => _terminated[step] || _truncated[step];

    public void Begin(long seed) => Observation = environment.Reset(seed);

    public double[] Save() => [_paid, _steps, .. environment.Save()];

    public void Restore(double[] saved)
    {
        (_paid, _steps) = (saved[0], (int)saved[1]);
        environment.Restore(saved[2..]);
        Observation = environment.Observe();
    }

    public void Act(int t, ActingPolicy policy, Normaliser normaliser, Rng chance, Metrics measured)
    {
        var (seen, action) = (normaliser.Normalise(Observation), new float[environment.Actions.Length]);
        _logProbs[t] = policy.Draw(seen, chance, action);
        _values[t] = policy.Value(seen);
        (_observations[t], _actions[t]) = (seen, action);
        (_raw[t], _acted[t]) = (Observation, Clipped(environment.Actions, action));
        var step = environment.Step(_acted[t]);
        _paidAt[t] = step.Reward;
        (Rewards[t], _terminated[t], _truncated[t]) = (step.Reward, step.Terminated, step.Truncated);
        (_paid, _steps) = (_paid + step.Reward, _steps + 1);
        _last = step.Ended ? step.Observation : null;
        Observation = step.Ended ? environment.Reset() : step.Observation;
        if (step.Ended)
        {
            measured.Add("episode/return", _paid);
            measured.Add("episode/length", _steps);
            (_paid, _steps) = (0, 0);
        }
    }

    /// <summary>After the statistics took the step in: the reward as it is learned, and the value of what a step limit cut off.</summary>
    public void Settle(int t, double reward, ActingPolicy policy, Normaliser normaliser)
    {
        Rewards[t] = reward;
        _valuesAtEnd[t] = _truncated[t] && !_terminated[t] ? policy.Value(normaliser.Normalise(_last!)) : 0;
    }

    /// <summary>The round's steps as a learner of rewards sees them.</summary>
    public PlayedSteps Played() => new(_raw, _acted, _paidAt, [.. Enumerable.Range(0, length).Select(EndedAt)]);

    /// <summary>The round's steps with their advantages.</summary>
    public IEnumerable<ControlItem> Items(ActingPolicy policy, Normaliser normaliser, ControlPpoOptions options, double clip, Space seen)
    {
        var last = policy.Value(normaliser.Normalise(Observation));
        var advantages = ControlPpo.Estimate(Rewards, _values, _terminated, _truncated, _valuesAtEnd, last, options.Gamma, options.Lambda);
        for (var t = 0; t < advantages.Length; t++)
        {
            var encoded = new float[seen.EncodedLength];
            seen.Encode(_observations[t], encoded);
            yield return new ControlItem(
                [.. encoded],
                [.. _actions[t]],
                (float)_logProbs[t],
                (float)_values[t],
                (float)advantages[t],
                (float)(advantages[t] + _values[t])
            )
            {
                ClipRange = clip,
            };
        }
    }

    /// <summary>A real action within its bounds: what the environment gets, while the policy learns from what it drew.</summary>
    internal static float[] Clipped(Space actions, float[] action) =>
        actions is BoxSpace box ? [.. action.Select((a, i) => Math.Clamp(a, box.Low[i], box.High[i]))] : action;
}
