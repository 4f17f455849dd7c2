namespace Attune.Control.Environments;

/// <summary>A world that an agent acts in, with Gymnasium's semantics.</summary>
public interface IEnvironment
{
    /// <summary>As Gymnasium registers it, such as CartPole-v1.</summary>
    string Name { get; }

    Space Actions { get; }

    Space Observations { get; }

    /// <summary>Steps after which an episode is truncated.</summary>
    int StepLimit { get; }

    /// <summary>
    /// Steps shown in a second, Gymnasium's frame rate where it has no time of its own: a clip's length in steps comes from it.
    /// </summary>
    double StepsPerSecond => 30;

    /// <summary>
    /// Whether every episode has <see cref="StepLimit"/> steps. Else its length tells a learner of rewards how good it was.
    /// </summary>
    bool HasFixedLength => false;

    /// <summary>Begins an episode.</summary>
    /// <param name="seed">
    /// Starts the generator anew, as in Gymnasium; null goes on with it. The first reset needs one, because nothing here is unseeded.
    /// </param>
    /// <returns>The first observation, [<see cref="Space.Length"/> of <see cref="Observations"/>], the caller's own.</returns>
    float[] Reset(long? seed = null);

    /// <summary>Acts once.</summary>
    /// <param name="action">[<see cref="Space.Length"/> of <see cref="Actions"/>]; a discrete action is its number.</param>
    StepResult Step(ReadOnlySpan<float> action);

    /// <summary>
    /// All that the next steps depend on, as plain numbers: state, steps taken, the generator. A run that goes on after a stop needs it.
    /// </summary>
    double[] Save();

    /// <summary>Goes on from what <see cref="Save"/> gave.</summary>
    void Restore(double[] saved);

    /// <summary>What an agent sees now, the caller's own.</summary>
    float[] Observe();

    /// <summary>Acts once where actions are discrete.</summary>
    StepResult Step(int action) => Step([(float)action]);
}

/// <summary>What a step led to.</summary>
/// <param name="Observation">After the step, the caller's own.</param>
/// <param name="Terminated">The episode ended in a state that has no future.</param>
/// <param name="Truncated">The step limit was reached; the state's future still has a value.</param>
public readonly record struct StepResult(float[] Observation, double Reward, bool Terminated, bool Truncated)
{
    /// <summary>Whether a reset must follow.</summary>
    public bool Ended => Terminated || Truncated;
}
