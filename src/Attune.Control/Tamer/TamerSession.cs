using Attune.Control.Environments;
using Attune.Core.Runs;

namespace Attune.Control.Tamer;

/// <summary>Episodes in which an agent acts at a fixed rate and a simulated trainer teaches it.</summary>
/// <param name="environment">with discrete actions</param>
/// <param name="seed">of first states and of choices among equal predictions</param>
public sealed class TamerSession(IEnvironment environment, TamerAgent agent, SimulatedTrainer trainer, Seed seed)
{
    private double _clock;
    private int _episode;

    /// <summary>s that an action stays on the screen.</summary>
    public double StepTime { get; init; } = 0.15;

    /// <summary>s after an episode in which its last steps can still be judged.</summary>
    public double Pause { get; init; } = 1;

    /// <summary>Hears every event, in the order in which the agent does: a log.</summary>
    public Action<TamerEvent> Log { get; init; } = _ => { };

    /// <summary>Plays an episode, learning.</summary>
    /// <returns>Its steps.</returns>
    public int Episode()
    {
        Tell(new EpisodeBegan(_episode));
        var observation = environment.Reset(Address(seed.For("episode", _episode)));
        var chance = seed.For("ties", _episode).Rng();
        var steps = 0;
        StepResult result;
        do
        {
            var step = new StepBegan(_clock, observation, agent.Choose(observation, chance));
            Tell(step);
            trainer.Watch(step, StepTime, _episode, steps++);
            _clock += StepTime;
            TellAnswers(_clock);
            result = environment.Step(step.Action);
            observation = result.Observation;
        } while (!result.Ended);

        Tell(new EpisodeEnded(_clock));
        _clock += Pause;
        TellAnswers(_clock);
        _episode++;
        return steps;
    }

    /// <summary>Mean steps of episodes played without learning.</summary>
    public static double MeanSteps(IEnvironment environment, TamerAgent agent, int episodes, Seed seed)
    {
        var steps = 0;
        for (var episode = 0; episode < episodes; episode++)
        {
            var observation = environment.Reset(Address(seed.For("test", episode)));
            var chance = seed.For("test-ties", episode).Rng();
            StepResult result;
            do
            {
                result = environment.Step(agent.Choose(observation, chance));
                observation = result.Observation;
                steps++;
            } while (!result.Ended);
        }

        return (double)steps / episodes;
    }

    private void TellAnswers(double until)
    {
        foreach (var feedback in trainer.Until(until))
        {
            Tell(feedback);
        }
    }

    private void Tell(TamerEvent happened)
    {
        agent.Apply(happened);
        Log(happened);
    }

    private static long Address(Seed of) => (long)(of.Value >> 1);
}
