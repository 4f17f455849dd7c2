namespace Attune.Control.Environments;

/// <summary>
/// An environment whose episodes all have the same length: after a terminal state nothing changes and every reward is 0 until the limit
/// truncates it. The length of an episode otherwise tells a learner of rewards how good it was, whatever the reward says.
/// </summary>
/// <param name="inner">Its episodes.</param>
/// <param name="steps">Of every episode, at most the inner environment's limit; null for that limit.</param>
public sealed class FixedLength(IEnvironment inner, int? steps = null) : IEnvironment
{
    private float[] _last = [];
    private bool _absorbed;
    private int _taken;

    public string Name => $"{inner.Name}-fixed";

    public Space Actions => inner.Actions;

    public Space Observations => inner.Observations;

    public int StepLimit { get; } =
        steps is null || (steps >= 1 && steps <= inner.StepLimit)
            ? steps ?? inner.StepLimit
            : throw new ArgumentOutOfRangeException(nameof(steps), steps, $"expected 1 to {inner.StepLimit}, the limit of {inner.Name}.");

    public double StepsPerSecond => inner.StepsPerSecond;

    public bool HasFixedLength => true;

    public float[] Reset(long? seed = null)
    {
        (_absorbed, _taken) = (false, 0);
        return _last = inner.Reset(seed);
    }

    public StepResult Step(ReadOnlySpan<float> action)
    {
        if (_last.Length == 0 || _taken >= StepLimit)
        {
            throw new InvalidOperationException($"the episode of {Name} has ended, or none has begun: call Reset before Step.");
        }

        var reward = 0.0;
        if (!_absorbed)
        {
            var step = inner.Step(action);
            (_last, reward, _absorbed) = (step.Observation, step.Reward, step.Terminated);
        }

        return new StepResult([.. _last], reward, Terminated: false, Truncated: ++_taken >= StepLimit);
    }

    public double[] Save() => [_absorbed ? 1 : 0, _taken, .. inner.Save()];

    public void Restore(double[] saved)
    {
        (_absorbed, _taken) = (saved[0] == 1, (int)saved[1]);
        inner.Restore(saved[2..]);
        _last = inner.Observe();
    }

    public float[] Observe() => inner.Observe();
}
