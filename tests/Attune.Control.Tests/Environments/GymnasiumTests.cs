using Attune.Control.Environments;

namespace Attune.Control.Tests.Environments;

public sealed class GymnasiumTests
{
    public static TheoryData<string> Classic => ["CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1", "Acrobot-v1"];

    [Theory]
    [MemberData(nameof(Classic))]
    public void A_seeds_first_state_is_Gymnasiums_bit_for_bit(string name)
    {
        var environment = (SeededEnvironment)EnvironmentCatalog.Make(name);
        var count = 0;
        foreach (var reset in GymnasiumGoldens.Read(name).GetProperty("resets").EnumerateArray())
        {
            var observation = environment.Reset(reset.GetProperty("seed").GetInt64());
            Assert.Equal(GymnasiumGoldens.Numbers(reset.GetProperty("state")), environment.State);
            AssertClose(GymnasiumGoldens.Singles(reset.GetProperty("observation")), observation);
            count++;
        }

        Assert.Equal(20, count);
    }

    [Theory]
    [MemberData(nameof(Classic))]
    public void Every_transition_is_Gymnasiums(string name)
    {
        var environment = (SeededEnvironment)EnvironmentCatalog.Make(name);
        var count = 0;
        foreach (var episode in GymnasiumGoldens.Read(name).GetProperty("episodes").EnumerateArray())
        {
            environment.Reset(episode.GetProperty("seed").GetInt64());
            foreach (var step in episode.GetProperty("steps").EnumerateArray())
            {
                environment.State = GymnasiumGoldens.Numbers(step.GetProperty("state"));
                var result = environment.Step([(float)step.GetProperty("action").GetDouble()]);
                var next = GymnasiumGoldens.Numbers(step.GetProperty("next"));
                Assert.All(environment.State.Zip(next), pair => Assert.Equal(pair.Second, pair.First, 1e-12));
                AssertClose(GymnasiumGoldens.Singles(step.GetProperty("observation")), result.Observation);
                Assert.Equal(step.GetProperty("reward").GetDouble(), result.Reward, 1e-12);
                Assert.Equal(step.GetProperty("terminated").GetBoolean(), result.Terminated);
                Assert.Equal(step.GetProperty("truncated").GetBoolean(), result.Truncated);
                count++;
            }
        }

        Assert.True(count > 50);
    }

    [Theory]
    [InlineData("FrozenLake-4x4", false, true)]
    [InlineData("FrozenLake-8x8", true, false)]
    public void Frozen_lakes_transitions_are_Gymnasiums(string file, bool large, bool slippery)
    {
        var lake = new FrozenLake(large, slippery);
        foreach (var cell in GymnasiumGoldens.Read(file).GetProperty("transitions").EnumerateObject())
        {
            foreach (var action in cell.Value.EnumerateObject())
            {
                var expected = action
                    .Value.EnumerateArray()
                    .Select(t => new FrozenLake.IcyMove(t[0].GetDouble(), t[1].GetInt32(), t[2].GetDouble(), t[3].GetBoolean()));
                var invariant = System.Globalization.CultureInfo.InvariantCulture;
                Assert.Equal(expected, lake.Transitions(int.Parse(cell.Name, invariant), int.Parse(action.Name, invariant)));
            }
        }
    }

    /// <summary>Observations are float32 of cosines that two libraries may round differently in the last place.</summary>
    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1.2e-7f * Math.Max(1, Math.Abs(pair.First))));
    }
}
