namespace Attune.Control.Environments;

/// <summary>What Gymnasium's environments share: a seeded generator, a state, a step limit, and the order of calls.</summary>
public abstract class SeededEnvironment : IEnvironment
{
    private NumpyRandom? _random;
    private bool _running;

    public abstract string Name { get; }
    public abstract Space Actions { get; }
    public abstract Space Observations { get; }
    public abstract int StepLimit { get; }
    public virtual double StepsPerSecond => 30;
    public virtual bool HasFixedLength => false;

    /// <summary>Steps of the episode so far.</summary>
    public int Steps { get; private set; }

    /// <summary>The physical state. Set it to begin at a chosen place after a reset.</summary>
    public double[] State { get; set; } = [];

    protected NumpyRandom Random =>
        _random ?? throw new InvalidOperationException($"{Name} has no seed yet: pass one to the first Reset, as in Reset(0).");

    public float[] Reset(long? seed = null)
    {
        _random = seed is { } given ? new NumpyRandom(given) : _random;
        State = Begin();
        (Steps, _running) = (0, true);
        return Observe();
    }

    public StepResult Step(ReadOnlySpan<float> action)
    {
        if (!_running)
        {
            throw new InvalidOperationException($"the episode of {Name} has ended, or none has begun: call Reset before Step.");
        }

        if (action.Length != Actions.Length || HasNaN(action) || (Actions is DiscreteSpace && !Actions.Contains(action)))
        {
            throw new ArgumentException($"[{string.Join(", ", action.ToArray())}] is no action of {Name}; expected {Actions}.");
        }

        var (reward, terminated) = Move(action);
        Steps++;
        var truncated = Steps >= StepLimit;
        _running = !terminated && !truncated;
        return new StepResult(Observe(), reward, terminated, truncated);
    }

    public double[] Save() => [_running ? 1 : 0, Steps, .. Random.Save(), .. State];

    public void Restore(double[] saved)
    {
        (_running, Steps) = (saved[0] == 1, (int)saved[1]);
        _random = NumpyRandom.Restore(saved.AsSpan(2, NumpyRandom.SavedLength));
        State = saved[(2 + NumpyRandom.SavedLength)..];
    }

    private static bool HasNaN(ReadOnlySpan<float> action)
    {
        foreach (var number in action)
        {
            if (float.IsNaN(number))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Draws a first state.</summary>
    protected abstract double[] Begin();

    /// <summary>Changes <see cref="State"/> by one step.</summary>
    protected abstract (double Reward, bool Terminated) Move(ReadOnlySpan<float> action);

    /// <summary>What an agent sees of the state.</summary>
    public virtual float[] Observe() => Array.ConvertAll(State, s => (float)s);
}
