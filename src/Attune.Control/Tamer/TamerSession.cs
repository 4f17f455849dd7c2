using Attune.Control.Environments;
using Attune.Control.Policy;
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

    /// <summary>The environment's own reward over the last episode, which teaches nothing here.</summary>
    public double LastReturn { get; private set; }

    /// <summary>Plays an episode, learning.</summary>
    /// <returns>Its steps.</returns>
    public int Episode()
    {
        Tell(new EpisodeBegan(_episode, environment.Name));
        var observation = environment.Reset(Address(seed.For("episode", _episode)));
        var chance = seed.For("ties", _episode).Rng();
        var steps = 0;
        LastReturn = 0;
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
            LastReturn += result.Reward;
        } while (!result.Ended);

        Tell(new EpisodeEnded(_clock));
        _clock += Pause;
        TellAnswers(_clock);
        _episode++;
        return steps;
    }

    /// <summary>Mean steps of episodes played without learning.</summary>
    public static double MeanSteps(IEnvironment environment, TamerAgent agent, int episodes, Seed seed) =>
        Enumerable.Range(0, episodes).Average(e => Play(environment, agent, seed.For("test", e), seed.For("test-ties", e)).Rewards.Count);

    /// <summary>An episode played without learning.</summary>
    public static PlayedSteps Play(IEnvironment environment, TamerAgent agent, Seed seed, Seed? ties = null)
    {
        var chance = (ties ?? seed.For("ties")).Rng();
        var (observations, actions, rewards, ended) = (new List<float[]>(), new List<float[]>(), new List<double>(), new List<bool>());
        var observation = environment.Reset(Address(seed));
        do
        {
            var action = agent.Choose(observation, chance);
            observations.Add(observation);
            actions.Add([action]);
            var result = environment.Step(action);
            observation = result.Observation;
            rewards.Add(result.Reward);
            ended.Add(result.Ended);
        } while (!ended[^1]);

        return new PlayedSteps(observations, actions, rewards, ended);
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
