using Attune.Control.Environments;
using Attune.Testing;

namespace Attune.Control.Tests.Environments;

/// <summary>Whole rollouts of trained agents, recorded from Gymnasium as float32 observations.</summary>
public sealed class ExpertRolloutTests
{
    [Fact]
    public void CartPole_moves_as_in_recorded_rollouts()
    {
        var path = SharedData.Require("control/cartpole_0_final.npz");
        var (seen, actions) = (NumpyArchive.Read<float>(path, "obs"), NumpyArchive.Read<long>(path, "acts"));
        foreach (var (observation, action) in Steps(path, actions.Length))
        {
            var state = Array.ConvertAll(seen[(4 * observation)..(4 * observation + 4)], s => (double)s);
            var next = CartPole.Next(state, actions[action] == 1);
            Assert.All(next.Zip(seen.Skip(4 * observation + 4).Take(4)), pair => Assert.Equal(pair.Second, pair.First, 2e-6));
        }
    }

    [Fact]
    public void Pendulum_moves_and_pays_as_in_recorded_rollouts()
    {
        var path = SharedData.Require("control/pendulum_0_final.npz");
        var (seen, actions) = (NumpyArchive.Read<float>(path, "obs"), NumpyArchive.Read<float>(path, "acts"));
        var rewards = NumpyArchive.Read<double>(path, "rews");
        var environment = new Pendulum();
        foreach (var (observation, action) in Steps(path, actions.Length))
        {
            var row = seen[(3 * observation)..(3 * observation + 6)];
            environment.Reset(0);
            environment.State = [Math.Atan2(row[1], row[0]), row[2]];
            var result = environment.Step([actions[action]]);
            Assert.All(result.Observation.Zip(row[3..]), pair => Assert.Equal(pair.Second, pair.First, 4e-6f));
            Assert.Equal(rewards[action], result.Reward, 1e-4); // the square of an angle that was recorded in float32
        }
    }

    /// <summary>Where each step's observation and action lie: an episode has one observation more than actions.</summary>
    private static IEnumerable<(int Observation, int Action)> Steps(string path, int count)
    {
        var ends = NumpyArchive.Read<long>(path, "indices").ToHashSet();
        var episode = 0;
        for (var action = 0; action < count; action++)
        {
            episode += ends.Contains(action) ? 1 : 0;
            yield return (action + episode, action);
        }
    }
}
