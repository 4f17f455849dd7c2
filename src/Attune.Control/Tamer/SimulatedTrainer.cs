using Attune.Core.Runs;

namespace Attune.Control.Tamer;

/// <summary>How a simulated trainer answers.</summary>
public sealed record SimulatedTrainerOptions
{
    /// <summary>Share of steps that are answered; on the rest the trainer is silent.</summary>
    public double AnswerRate { get; init; } = 0.4;

    /// <summary>Share of answers with the wrong sign.</summary>
    public double ErrorRate { get; init; } = 0.05;

    /// <summary>s, the shortest time from what is judged to the answer.</summary>
    public double ShortestDelay { get; init; } = 0.2;

    /// <summary>s, the longest.</summary>
    public double LongestDelay { get; init; } = 0.8;
}

/// <summary>
/// A trainer who knows what is good and says so, +1 or -1, late, sometimes wrongly and sometimes not at all. Chance has an address: the
/// answer to a step depends on its episode and number alone.
/// </summary>
/// <param name="approves">whether the action is good in the state of the observation</param>
public sealed class SimulatedTrainer(SimulatedTrainerOptions options, Func<float[], int, bool> approves, Seed seed)
{
    private readonly PriorityQueue<FeedbackGiven, double> _pending = new();

    /// <summary>MountainCar's rule: push along the velocity, to the right at rest.</summary>
    public static bool SwingsUp(float[] observation, int action) => action == (observation[1] >= 0 ? 2 : 0);

    /// <summary>Shows a step. What the trainer answers to happens at any moment of it.</summary>
    /// <param name="duration">s that it stays on the screen</param>
    public void Watch(StepBegan step, double duration, int episode, int number)
    {
        var chance = seed.For("trainer", episode, number).Rng();
        var (answers, errs, delay) = (
            chance.NextDouble() < options.AnswerRate,
            chance.NextDouble() < options.ErrorRate,
            chance.NextDouble()
        );
        if (answers)
        {
            var time =
                step.Time + duration * chance.NextDouble() + options.ShortestDelay + delay * (options.LongestDelay - options.ShortestDelay);
            _pending.Enqueue(new FeedbackGiven(time, approves(step.Observation, step.Action) != errs ? 1 : -1), time);
        }
    }

    /// <summary>The answers that have come by a time, in order.</summary>
    public IEnumerable<FeedbackGiven> Until(double time)
    {
        while (_pending.TryPeek(out var next, out var at) && at <= time)
        {
            _pending.Dequeue();
            yield return next;
        }
    }
}
