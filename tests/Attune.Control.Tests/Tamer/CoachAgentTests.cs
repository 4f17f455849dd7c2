using Attune.Control.Environments;
using Attune.Control.Tamer;
using Attune.Core.Runs;

namespace Attune.Control.Tests.Tamer;

public sealed class CoachAgentTests
{
    private static readonly RadialFeatures Grid = new(BoxSpace.Around(1), side: 3, relativeWidth: 0.5);

    /// <summary>Two actions at one half: the gradient of log pi is +1/2 and -1/2 of the features.</summary>
    [Fact]
    public void One_feedback_moves_the_weights_by_the_gradient_of_the_log_probability()
    {
        var agent = new CoachAgent(Grid, 2, rate: 0.1, decay: 0.5, delay: 0.2);
        agent.Apply(new StepBegan(0, [0.3f], 0));
        agent.Apply(new FeedbackGiven(0.3, 2));
        var phi = Grid.Of([0.3f]);
        double[] expected = [.. phi.Select(f => 0.1 * 2 * 0.5 * f), .. phi.Select(f => -0.1 * 2 * 0.5 * f)];
        Assert.All(expected.Zip(agent.Weights()), w => Assert.Equal(w.First, w.Second, 1e-12));
    }

    [Fact]
    public void What_is_too_recent_is_not_judged_and_what_is_older_fades()
    {
        var agent = new CoachAgent(Grid, 2, rate: 1, decay: 0.5, delay: 0.2);
        agent.Apply(new StepBegan(0, [0.3f], 0));
        agent.Apply(new FeedbackGiven(0.1, 1));
        Assert.All(agent.Weights(), w => Assert.Equal(0, w));
        agent.Apply(new StepBegan(0.15, [0.3f], 1));
        agent.Apply(new FeedbackGiven(0.4, 1)); // trace: 0.5 x (+1/2) of the first, -1/2 of the second
        Assert.Equal(0.25 * Grid.Of([0.3f])[0] - 0.5 * Grid.Of([0.3f])[0], agent.Weights()[0], 1e-12);
    }

    /// <summary>Praise that stops leaves a policy where it is; scolding what it does takes it back.</summary>
    [Fact]
    public void MountainCar_is_taught()
    {
        var grid = new RadialFeatures((BoxSpace)new MountainCar().Observations);
        var agent = new CoachAgent(grid, 3, rate: 0.3, decay: 0, delay: 0);
        var environment = new MountainCar(stepLimit: 500);
        for (var episode = 0; episode < 10; episode++)
        {
            Steps(environment, agent, episode, teach: true);
        }

        var mean = Enumerable.Range(0, 20).Average(e => (double)Steps(environment, agent, 100 + e, teach: false));
        Assert.True(mean < 250, $"{mean} steps");
    }

    private static int Steps(MountainCar environment, CoachAgent agent, int episode, bool teach)
    {
        var chance = new Seed(2).For("episode", episode).Rng();
        var observation = environment.Reset(episode);
        agent.Apply(new EpisodeBegan(episode));
        for (var t = 0; ; t++)
        {
            var action = agent.Choose(observation, chance);
            if (teach)
            {
                agent.Apply(new StepBegan(t, observation, action));
                agent.Apply(new FeedbackGiven(t, SimulatedTrainer.SwingsUp(observation, action) ? 1 : -1));
            }

            var step = ((IEnvironment)environment).Step(action);
            observation = step.Observation;
            if (step.Ended)
            {
                return t + 1;
            }
        }
    }
}
