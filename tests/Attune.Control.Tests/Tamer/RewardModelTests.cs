using Attune.Control.Environments;
using Attune.Control.Tamer;
using Attune.Core.Runs;

namespace Attune.Control.Tests.Tamer;

public sealed class RewardModelTests
{
    private static readonly BoxSpace Space = (BoxSpace)new MountainCar().Observations;

    public static TheoryData<string> Kinds => ["radial", "network"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_model_learns_what_it_is_told(string kind)
    {
        var (model, random) = (Make(kind), new Seed(4).Rng());
        for (var i = 0; i < 20_000; i++)
        {
            var observation = Draw(random);
            var action = random.NextInt(3);
            model.Learn(observation, action, SimulatedTrainer.SwingsUp(observation, action) ? 1 : -1, 1);
        }

        var right = 0;
        for (var i = 0; i < 1000; i++)
        {
            var observation = Draw(random);
            var action = random.NextInt(3);
            right += model.Predict(observation, action) > 0 == SimulatedTrainer.SwingsUp(observation, action) ? 1 : 0;
        }

        Assert.True(right > 930, $"{right} of 1000 signs are right");
    }

    /// <summary>The change of a prediction by one small step is the squared gradient's, whatever the model: found by differences.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_step_goes_down_the_gradient(string kind)
    {
        var model = Make(kind, rate: 1e-4);
        float[] observation = [-0.3f, 0.02f];
        for (var i = 0; i < 50; i++)
        {
            model.Learn(observation, 1, 1, 1); // away from 0, where the network's first layer has no gradient
        }

        var (before, weights) = (model.Predict(observation, 1), model.Weights());
        model.Learn(observation, 1, before + 1, 0.5);
        var moved = Math.Sqrt(model.Weights().Zip(weights, (a, b) => (a - b) * (a - b)).Sum());
        var gradient = moved / (1e-4 * 0.5);
        Assert.Equal(1e-4 * 0.5 * gradient * gradient, model.Predict(observation, 1) - before, 1e-7);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Other_actions_blocks_begin_apart(string kind)
    {
        var model = Make(kind);
        model.Learn([-0.5f, 0], 2, 1, 1);
        Assert.True(model.Predict([-0.5f, 0], 2) > 0);
        Assert.Equal(0, model.Predict([-0.5f, 0], 0));
    }

    [Fact]
    public void A_grid_needs_bounds() => Assert.Throws<ArgumentException>(() => new RadialModel((BoxSpace)new CartPole().Observations, 2));

    private static IHumanRewardModel Make(string kind, double rate = 0.05) =>
        kind == "radial" ? new RadialModel(Space, 3, rate: rate) : new NetworkModel(Space, 3, new Seed(1), rate: rate);

    private static float[] Draw(Rng random) => [(float)(-1.2 + 1.8 * random.NextDouble()), (float)(-0.07 + 0.14 * random.NextDouble())];
}
