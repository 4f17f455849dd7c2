using Attune.Control.Environments;
using Attune.Control.Networks;
using Attune.Core.Runs;
using static TorchSharp.torch;

namespace Attune.Control.Tests.Networks;

public sealed class ActorCriticTests
{
    [Theory]
    [InlineData("CartPole-v1")]
    [InlineData("Pendulum-v1")]
    [InlineData("FrozenLake-v1")]
    public void Acting_and_learning_agree_on_log_probabilities_and_values(string name)
    {
        using var scope = NewDisposeScope();
        var environment = EnvironmentCatalog.Make(name);
        using var agent = new ActorCritic(environment.Observations, environment.Actions, [64, 64], new Seed(1));
        using (no_grad())
        {
            agent.Weights.Values.add_(0.01); // away from the policy's first weights, which are nearly uniform
        }

        var (acting, random) = (agent.Snapshot(), new Seed(2).Rng());
        var observation = environment.Reset(0);
        var action = new float[environment.Actions.Length];
        for (var i = 0; i < 20; i++)
        {
            var logProb = acting.Draw(observation, random, action);
            var encoded = new float[environment.Observations.EncodedLength];
            environment.Observations.Encode(observation, encoded);
            var (learned, _, value) = agent.Evaluate(tensor(encoded).unsqueeze(0), tensor(action).unsqueeze(0));
            Assert.Equal(learned.item<float>(), logProb, 1e-5);
            Assert.Equal(value.item<float>(), acting.Value(observation), 1e-5);
            var step = environment.Step(action);
            observation = step.Ended ? environment.Reset() : step.Observation;
        }
    }

    [Theory]
    [InlineData(64, 4)]
    [InlineData(2, 64)]
    [InlineData(8, 8)]
    public void First_weights_are_orthogonal(int outputs, int inputs)
    {
        using var scope = NewDisposeScope();
        var matrix = tensor(Orthogonal.Matrix(outputs, inputs, 2, new Seed(5))).view(outputs, inputs);
        var product = outputs <= inputs ? matrix.mm(matrix.t()) : matrix.t().mm(matrix);
        Assert.True((product - 4 * eye(Math.Min(outputs, inputs))).abs().max().item<float>() < 1e-5);
    }

    [Fact]
    public void Actions_are_drawn_as_often_as_their_probabilities_say()
    {
        var environment = new CartPole(); // for its spaces
        using var agent = new ActorCritic(environment.Observations, environment.Actions, [8], new Seed(1));
        using (no_grad())
        {
            agent.Weights.ExactOf("policy.1.bias").copy_(tensor(new[] { 0f, 1.5f }));
            agent.Weights.ExactOf("policy.1.weight").zero_();
        }

        var (acting, random, action) = (agent.Snapshot(), new Seed(3).Rng(), new float[1]);
        var ones = 0;
        for (var i = 0; i < 10_000; i++)
        {
            acting.Draw([0, 0, 0, 0], random, action);
            ones += (int)action[0];
        }

        Assert.Equal(1 / (1 + Math.Exp(-1.5)), ones / 10_000.0, 0.015); // four standard deviations
    }
}
