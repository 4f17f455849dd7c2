using System.Text.Json;
using Attune.Control.Environments;
using Attune.Control.Networks;
using Attune.Control.Policy;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Testing.Training;
using Attune.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Control.Tests.Policy;

public sealed class PpoLossTests
{
    /// <summary>Loss, gradients and weights after one step of Adam, of one minibatch in stable-baselines3.</summary>
    [Fact]
    public void An_update_is_stable_baselines3s()
    {
        foreach (var golden in Parts.Of("ppo_loss"))
        {
            using var scope = NewDisposeScope();
            using var agent = Agent(golden);
            var options = Options(golden);
            var objective = new ControlPpo.Objective(options, agent);
            using var optimiser = new Optimiser(
                ((Attune.Training.Contracts.IObjective<ControlItem>)objective).Groups,
                new OptimiserOptions { Epsilon = 1e-5, MaxGradientNorm = options.MaxGradientNorm }
            );
            var items = Items(golden, options);
            var (loss, metrics) = objective.Evaluate(items);
            (loss / items.Length).backward();
            var expected = golden.GetProperty("expected");
            Parts.AssertClose([expected.GetProperty("loss").GetDouble()], [loss.ToDouble() / items.Length]);
            Parts.AssertClose([expected.GetProperty("policy_loss").GetDouble()], [metrics["loss/policy_avg"]]);
            Parts.AssertClose([expected.GetProperty("value_loss").GetDouble()], [metrics["loss/value_avg"]]);
            Parts.AssertClose([expected.GetProperty("entropy_loss").GetDouble()], [-metrics["policy/entropy_avg"]]);
            Parts.AssertClose([expected.GetProperty("approx_kl").GetDouble()], [metrics["policy/k3_avg"]]);
            Parts.AssertClose([expected.GetProperty("clip_fraction").GetDouble()], [metrics["policy/outside_avg"]]);
            AssertTensors(expected.GetProperty("gradients_before_clip"), name => agent.Weights[name].grad!);
            var schedule = new Schedule(ScheduleKind.Constant, golden.GetProperty("learning_rate").GetDouble(), 0);
            Assert.True(optimiser.Step(0, 1, schedule, metrics));
            Parts.AssertClose([expected.GetProperty("grad_norm_before_clip").GetDouble()], [metrics["grad_norm"]]);
            AssertTensors(expected.GetProperty("weights_after_one_adam_step"), agent.Weights.ExactOf);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.3)]
    public void The_value_losss_gradient_agrees_with_differences(double? clip) =>
        FiniteDifferences.Agree(
            values => ControlPpo.ValueLoss(values, tensor(new[] { 0.1, 0.9, -1.0 }), tensor(new[] { 1.0, 0.5, 0.0 }), clip).sum(),
            [0.2, 2.0, -1.1]
        );

    /// <summary>Worked by hand: 2 is held to 0.9 + 0.3, 0.2 is let through.</summary>
    [Fact]
    public void The_value_clip_holds_the_value()
    {
        using var scope = NewDisposeScope();
        var loss = ControlPpo.ValueLoss(tensor(new[] { 0.2, 2.0 }), tensor(new[] { 0.1, 0.9 }), tensor(new[] { 1.0, 0.5 }), 0.3);
        Assert.All(loss.data<double>().ToArray().Zip([0.64, 0.49]), p => Assert.Equal(p.Second, p.First, 1e-12));
    }

    private static ActorCritic Agent(JsonElement golden)
    {
        var width = Parts.Rows(golden.GetProperty("observations"))[0].Length;
        var outputs = Parts.Numbers(golden.GetProperty("weights").GetProperty("action_net.bias")).Length;
        Space actions =
            golden.GetProperty("action").GetString() == "discrete"
                ? new DiscreteSpace(outputs)
                : BoxSpace.Around([.. Enumerable.Repeat(1f, outputs)]);
        var observations = BoxSpace.Around([.. Enumerable.Repeat(float.PositiveInfinity, width)]);
        var agent = new ActorCritic(observations, actions, [4], new Seed(0));
        using var quiet = no_grad();
        foreach (var weight in golden.GetProperty("weights").EnumerateObject())
        {
            var target = agent.Weights.ExactOf(Ours(weight.Name));
            target.copy_(tensor(Flat(weight.Value)).view(target.shape));
        }

        return agent;
    }

    private static ControlPpoOptions Options(JsonElement golden) =>
        new()
        {
            ClipRange = golden.GetProperty("clip_range").GetDouble(),
            ValueClipRange = golden.GetProperty("clip_range_vf") is { ValueKind: JsonValueKind.Number } clip ? clip.GetDouble() : null,
            EntropyCoefficient = golden.GetProperty("ent_coef").GetDouble(),
            ValueCoefficient = golden.GetProperty("vf_coef").GetDouble(),
            MaxGradientNorm = golden.GetProperty("max_grad_norm").GetDouble(),
        };

    private static ControlItem[] Items(JsonElement golden, ControlPpoOptions options)
    {
        var advantages = Parts.Numbers(golden.GetProperty("advantages"));
        if (golden.GetProperty("normalize_advantage").GetBoolean())
        {
            Moments.Standardize(advantages, sample: true);
        }

        var observations = Parts.Rows(golden.GetProperty("observations"));
        var actions = Parts.Rows(golden.GetProperty("actions"));
        float[] Of(string name) => [.. Parts.Numbers(golden.GetProperty(name)).Select(x => (float)x)];
        var (logProbs, values, returns) = (Of("old_log_prob"), Of("old_values"), Of("returns"));
        return
        [
            .. advantages.Select(
                (advantage, i) =>
                    new ControlItem(
                        [.. observations[i].Select(x => (float)x)],
                        [.. actions[i].Select(x => (float)x)],
                        logProbs[i],
                        values[i],
                        (float)advantage,
                        returns[i]
                    )
                    {
                        ClipRange = options.ClipRange,
                    }
            ),
        ];
    }

    private static void AssertTensors(JsonElement expected, Func<string, Tensor> of)
    {
        foreach (var one in expected.EnumerateObject())
        {
            var found = of(Ours(one.Name)).detach().contiguous().data<float>().ToArray();
            Parts.AssertClose(Flat(one.Value).Select(x => (double)x), found.Select(x => (double)x));
        }
    }

    private static string Ours(string name) =>
        name.Replace("mlp_extractor.policy_net.", "policy.", StringComparison.Ordinal)
            .Replace("mlp_extractor.value_net.", "value.", StringComparison.Ordinal)
            .Replace("action_net.", "policy.1.", StringComparison.Ordinal)
            .Replace("value_net.", "value.1.", StringComparison.Ordinal)
            .Replace("log_std", "deviations", StringComparison.Ordinal);

    private static float[] Flat(JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray().SelectMany(Flat)] : [(float)element.GetDouble()];
}
