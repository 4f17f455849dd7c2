using Attune.Control.Environments;
using Attune.Control.Tamer;
using Attune.Core.Runs;

namespace Attune.Control.Tests.Tamer;

public sealed class TamerWithRewardTests
{
    private static readonly RadialFeatures Grid = new((BoxSpace)new MountainCar().Observations);

    [Fact]
    public void Each_influence_acts_where_it_should_and_nowhere_else()
    {
        float[] seen = [-0.5f, 0.01f];
        var none = Make(Influence.None);
        Assert.Equal((0, -1), (none.Preference(seen, 2), none.Shaped(-1, seen, 2)));
        var shaping = Make(Influence.RewardShaping);
        Assert.Equal((0, 1), (shaping.Preference(seen, 2), shaping.Shaped(-1, seen, 2))); // -1 + 2 x 1
        var biasing = Make(Influence.ActionBiasing);
        Assert.Equal((2, -1), (biasing.Preference(seen, 2), biasing.Shaped(-1, seen, 2)));
        var sharing = Make(Influence.ControlSharing);
        Assert.Equal((0, -1), (sharing.Preference(seen, 2), sharing.Shaped(-1, seen, 2)));
        Assert.All(Enumerable.Range(0, 50), i => Assert.Equal(2, sharing.Choose(seen, new Seed((ulong)i).Rng())));
        Assert.All(Enumerable.Range(0, 50), i => Assert.Equal(2, biasing.Choose(seen, new Seed((ulong)i).Rng())));
        Assert.Equal(3, Enumerable.Range(0, 50).Select(i => none.Choose(seen, new Seed((ulong)i).Rng())).Distinct().Count());
    }

    [Fact]
    public void Its_weight_fades_with_each_episode()
    {
        var agent = Make(Influence.ActionBiasing);
        Assert.Equal(2, agent.Weight);
        agent.Episode(new MountainCar());
        Assert.Equal(2 * 0.9, agent.Weight, 1e-12);
    }

    /// <summary>With what a person would say, the first episodes reach the goal; by reward alone they mostly do not.</summary>
    [Theory]
    [InlineData(Influence.ActionBiasing)]
    [InlineData(Influence.ControlSharing)]
    public void A_person_shortens_the_first_episodes(Influence influence)
    {
        var (alone, helped) = (Make(Influence.None), Make(influence));
        var (without, with) = (0.0, 0.0);
        for (var episode = 0; episode < 5; episode++)
        {
            without += alone.Episode(new MountainCar(stepLimit: 500));
            with += helped.Episode(new MountainCar(stepLimit: 500));
        }

        Assert.True(with > without + 100, $"{with} with a person, {without} without");
    }

    private static TamerWithReward Make(Influence influence) =>
        new(
            Grid,
            new Rule(),
            new TamerWithRewardOptions
            {
                Influence = influence,
                Weight = 2,
                WeightDecay = 0.9,
            },
            new Seed(1)
        );

    /// <summary>What a perfectly taught TAMER would say.</summary>
    private sealed class Rule : IHumanRewardModel
    {
        public int Actions => 3;

        public double Predict(ReadOnlySpan<float> observation, int action) => action == (observation[1] >= 0 ? 2 : 0) ? 1 : 0;

        public void Learn(ReadOnlySpan<float> observation, int action, double target, double weight) { }

        public double[] Weights() => [];
    }
}
