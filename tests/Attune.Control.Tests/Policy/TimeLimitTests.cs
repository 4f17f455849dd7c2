using System.Text.Json;
using Attune.Control.Policy;

namespace Attune.Control.Tests.Policy;

public sealed class TimeLimitTests
{
    [Fact]
    public void Advantages_over_ended_episodes_are_stable_baselines3s()
    {
        foreach (var golden in Parts.Of("gae"))
        {
            var starts = Parts.Rows(golden.GetProperty("episode_starts"));
            var lastDones = Parts.Numbers(golden.GetProperty("last_dones"));
            for (var e = 0; e < lastDones.Length; e++)
            {
                var terminated = starts.Skip(1).Select(s => s[e] == 1).Append(lastDones[e] == 1).ToArray();
                AssertAdvantages(golden, golden, e, terminated, new bool[terminated.Length], new double[terminated.Length], null);
            }
        }
    }

    [Fact]
    public void A_step_limit_is_looked_past_as_in_stable_baselines3()
    {
        foreach (var golden in Parts.Of("truncation_bootstrap"))
        {
            var weights = Parts.Numbers(golden.GetProperty("value").GetProperty("weight"));
            var bias = golden.GetProperty("value").GetProperty("bias").GetDouble();
            var e = 0;
            foreach (var environment in golden.GetProperty("envs").EnumerateArray())
            {
                var terminated = Parts.Numbers(environment.GetProperty("terminated")).Select(x => x == 1).ToArray();
                var truncated = Parts.Numbers(environment.GetProperty("truncated")).Select(x => x == 1).ToArray();
                var after = Parts.Rows(environment.GetProperty("obs_after_step")).Select(o => o.Zip(weights, (x, w) => x * w).Sum() + bias);
                AssertAdvantages(
                    golden,
                    golden.GetProperty("buffer"),
                    e++,
                    terminated,
                    truncated,
                    [.. after],
                    Parts.Numbers(environment.GetProperty("rewards"))
                );
            }
        }
    }

    /// <summary>One step, worked by hand: 1 + 0.9 * 10 - 4 past the limit, 1 - 4 at an end, whatever the limit says.</summary>
    [Theory]
    [InlineData(false, true, 6)]
    [InlineData(true, false, -3)]
    [InlineData(true, true, -3)]
    [InlineData(false, false, 1 + 0.9 * 20 - 4)]
    public void An_end_has_no_future_and_a_step_limit_has(bool terminated, bool truncated, double expected) =>
        Assert.Equal([expected], ControlPpo.Estimate([1], [4], [terminated], [truncated], [10], 20, 0.9, 0.95));

    private static void AssertAdvantages(
        JsonElement golden,
        JsonElement buffer,
        int environment,
        bool[] terminated,
        bool[] truncated,
        double[] valuesAtEnd,
        double[]? rewards
    )
    {
        var last = golden.TryGetProperty("last_values", out var given) ? Parts.Numbers(given)[environment] : valuesAtEnd[^1];
        var found = ControlPpo.Estimate(
            rewards ?? Parts.Column(Parts.Rows(buffer.GetProperty("rewards")), environment),
            Parts.Column(Parts.Rows(buffer.GetProperty("values")), environment),
            terminated,
            truncated,
            valuesAtEnd,
            last,
            golden.GetProperty("gamma").GetDouble(),
            golden.GetProperty("gae_lambda").GetDouble()
        );
        Parts.AssertClose(Parts.Column(Parts.Rows(buffer.GetProperty("advantages")), environment), found);
    }
}
