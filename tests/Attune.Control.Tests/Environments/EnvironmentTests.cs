using Attune.Control.Environments;
using Attune.Core;

namespace Attune.Control.Tests.Environments;

public sealed class EnvironmentTests
{
    /// <summary>The first states that Gymnasium's own documentation prints, which has them rounded to eight digits.</summary>
    [Fact]
    public void Documented_draws_come_out()
    {
        var random = new NumpyRandom(123);
        double[] drawn = [.. Enumerable.Range(0, 4).Select(_ => random.Uniform(-0.1, 0.1))];
        double[] documented = [0.03647037, -0.0892358, -0.05592803, -0.06312564];
        Assert.All(drawn.Zip(documented), pair => Assert.Equal(pair.Second, pair.First, 1e-8));
        Assert.Equal(0.11882224, new NumpyRandom(123).Uniform(-0.7, 0.5), 1e-8);
    }

    [Fact]
    public void A_reset_without_a_seed_goes_on_with_the_generator()
    {
        var (one, other) = (new CartPole(), new CartPole());
        var first = one.Reset(7);
        var second = one.Reset();
        Assert.NotEqual(first, second);
        Assert.Equal(first, other.Reset(7));
        Assert.Equal(second, other.Reset());
        Assert.Throws<InvalidOperationException>(() => new CartPole().Reset());
    }

    [Fact]
    public void The_step_limit_truncates_and_does_not_terminate()
    {
        var environment = new Pendulum();
        environment.Reset(0);
        for (var t = 1; t <= 200; t++)
        {
            var step = environment.Step([0]);
            Assert.Equal((false, t == 200), (step.Terminated, step.Truncated));
        }

        Assert.Throws<InvalidOperationException>(() => environment.Step([0]));
    }

    [Fact]
    public void A_fall_terminates_and_pays_its_last_step()
    {
        IEnvironment environment = new CartPole();
        environment.Reset(0);
        var steps = 0;
        StepResult step;
        do
        {
            step = environment.Step(1);
            Assert.Equal(1, step.Reward);
            steps++;
        } while (!step.Ended);

        Assert.True(step is { Terminated: true, Truncated: false });
        Assert.InRange(steps, 8, 12);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-1)]
    [InlineData(0.5f)]
    [InlineData(float.NaN)]
    public void An_action_outside_a_discrete_space_is_refused(float action)
    {
        var environment = new CartPole();
        environment.Reset(0);
        Assert.Throws<ArgumentException>(() => environment.Step([action]));
    }

    [Fact]
    public void A_fixed_length_hides_when_the_episode_ended()
    {
        IEnvironment environment = EnvironmentCatalog.Make("CartPole-v1-fixed");
        environment.Reset(0);
        List<StepResult> steps = [];
        do
        {
            steps.Add(environment.Step(1));
        } while (!steps[^1].Ended);

        Assert.Equal(500, steps.Count);
        Assert.True(steps[^1] is { Terminated: false, Truncated: true });
        Assert.InRange(steps.Sum(s => s.Reward), 8, 12);
        Assert.Equal(steps[20].Observation, steps[^1].Observation);
        Assert.Throws<ArgumentOutOfRangeException>(() => new FixedLength(new CartPole(), 501));
    }

    [Fact]
    public void Slippery_ice_moves_with_a_third_each()
    {
        var lake = new FrozenLake();
        var counts = new Dictionary<int, int>();
        for (var seed = 0; seed < 3000; seed++)
        {
            lake.Reset(seed);
            var cell = (int)lake.Step([1]).Observation[0];
            counts[cell] = counts.GetValueOrDefault(cell) + 1;
        }

        Assert.Equal([0, 1, 4], counts.Keys.Order());
        Assert.All(counts.Values, n => Assert.InRange(n, 880, 1120)); // 1000 with a standard deviation of 26
    }

    [Fact]
    public void Spaces_know_their_elements_and_how_a_network_reads_them()
    {
        var cells = new FrozenLake().Observations;
        var encoded = new float[cells.EncodedLength];
        cells.Encode([3], encoded);
        Assert.Equal(16, encoded.Length);
        Assert.Equal(3, Array.IndexOf(encoded, 1));
        Assert.Equal(1, encoded.Sum());
        Assert.True(new Pendulum().Actions.Contains([2]));
        Assert.False(new Pendulum().Actions.Contains([2.1f]));
        Assert.False(cells.Contains([16]));
    }

    [Fact]
    public void An_unknown_name_is_answered_with_those_there_are()
    {
        var error = Assert.Throws<AttuneException>(() => EnvironmentCatalog.Make("CartPole-v9"));
        Assert.Contains("CartPole-v1", error.Message, StringComparison.Ordinal);
        Assert.All(EnvironmentCatalog.Names, name => Assert.Equal(name, EnvironmentCatalog.Make(name).Name));
    }
}
