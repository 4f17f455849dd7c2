using Attune.Control.Environments;
using Attune.Control.Networks;
using Attune.Core.Runs;
using Attune.Training;
using Attune.Training.Checkpoints;
using Attune.Training.Contracts;
using Attune.Training.Optimisation;

namespace Attune.Control.Policy;

/// <summary>A trained agent and what it sees through.</summary>
public sealed record ControlAgent(ActorCritic Network, Normaliser Normaliser) : IDisposable
{
    /// <summary>Plays one episode with the likeliest actions.</summary>
    public PlayedSteps Play(IEnvironment environment, long seed)
    {
        var policy = Network.Snapshot();
        var action = new float[environment.Actions.Length];
        var (observations, actions, rewards, ended) = (new List<float[]>(), new List<float[]>(), new List<double>(), new List<bool>());
        var observation = environment.Reset(seed);
        do
        {
            policy.Greedy(Normaliser.Normalise(observation), action);
            observations.Add(observation);
            actions.Add([.. Player.Clipped(environment.Actions, action)]);
            var step = environment.Step(actions[^1]);
            observation = step.Observation;
            rewards.Add(step.Reward);
            ended.Add(step.Ended);
        } while (!ended[^1]);

        return new PlayedSteps(observations, actions, rewards, ended);
    }

    /// <summary>Returns of episodes played with the likeliest actions, on an environment of their own.</summary>
    /// <param name="seed">Of the first episode; the generator goes on from there.</param>
    public IReadOnlyList<double> Evaluate(IEnvironment environment, int episodes, long seed)
    {
        var policy = Network.Snapshot();
        var action = new float[environment.Actions.Length];
        var returns = new double[episodes];
        for (var episode = 0; episode < episodes; episode++)
        {
            var observation = environment.Reset(episode == 0 ? seed : null);
            StepResult step;
            do
            {
                policy.Greedy(Normaliser.Normalise(observation), action);
                step = environment.Step(Player.Clipped(environment.Actions, action));
                observation = step.Observation;
                returns[episode] += step.Reward;
            } while (!step.Ended);
        }

        return returns;
    }

    public void Dispose() => Network.Dispose();
}

/// <summary>PPO from the first weights to the last update, on the loop that trains language models.</summary>
public static class ControlTraining
{
    /// <param name="make">a new environment</param>
    /// <param name="checkpoints">where a run goes on after a stop; null for none</param>
    /// <param name="checkpointEvery">rounds; 0 for none before the end</param>
    /// <param name="rewards">in the place of the environment's; null for the environment's</param>
    public static async Task<ControlAgent> PpoAsync(
        Func<IEnvironment> make,
        ControlPpoOptions options,
        Seed seed,
        ILoopObserver observer,
        DirectoryCheckpoints? checkpoints = null,
        int checkpointEvery = 0,
        IRoundRewards? rewards = null,
        CancellationToken cancel = default
    )
    {
        options.Validate();
        var one = make();
        var network = new ActorCritic(one.Observations, one.Actions, options.Hidden, seed.For("network"));
        var experience = new ControlExperience(options, network, make, rewards);
        using var loop = new TrainingLoop<ControlItem>(
            new ControlPpo.Objective(options, network),
            experience,
            Falling(options),
            new OptimiserOptions { Epsilon = options.Epsilon, MaxGradientNorm = options.MaxGradientNorm },
            new LoopOptions(options.Minibatch, checkpointEvery),
            checkpoints
        );
        var start = loop.Restore() is { } found
            ? new Progress(found.Round, found.Updates, found.Items, new Seed(found.Seed))
            : Progress.Start(seed);
        await loop.RunAsync(start, observer, cancel);
        return new ControlAgent(network, experience.Normaliser);
    }

    private static Schedule Falling(ControlPpoOptions options) =>
        new(options.Decay || options.RateFallsAfter is not null ? ScheduleKind.Linear : ScheduleKind.Constant, options.LearningRate, 0)
        {
            Hold = options.Decay ? 0 : options.RateFallsAfter ?? 0,
        };
}
