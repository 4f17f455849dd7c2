using Attune.Testing;
using CsCheck;

namespace Attune.Numerics.Tests;

public sealed class AdvantagesTests
{
    private static readonly Gen<(double[] Rewards, double[] Values)> Episodes = Gen.Int[1, 12]
        .SelectMany(n => Gen.Select(Gen.Double[-2, 2].Array[n], Gen.Double[-2, 2].Array[n]));

    [Fact]
    public void Gae_equals_the_value_worked_out_by_hand()
    {
        // gamma 1, lambda .95, r = (-.1, .2, 1), V = (.5, .4, .3), V after the end 0.
        // deltas:  1 + 0 - .3 = .7;   .2 + .3 - .4 = .1;   -.1 + .4 - .5 = -.2
        // A_3 = .7;   A_2 = .1 + .95 * .7 = .765;   A_1 = -.2 + .95 * .765 = .52675
        Near([0.52675, 0.765, 0.7], Gae([-0.1, 0.2, 1], [0.5, 0.4, 0.3], 1, 0.95), 1e-12);
    }

    [Theory]
    [InlineData("1.0", 1.0)]
    [InlineData("0.7", 0.7)]
    [InlineData("0.4", 0.4)]
    public void Golden_gae_of_rlax(string key, double lambda)
    {
        var golden = PublishedVectors.Case("gae_rlax");
        for (var row = 0; row < 2; row++)
        {
            var rewards = golden.GetProperty("r_t").Rows()[row];
            var advantages = new double[rewards.Length];
            Advantages.Gae(
                rewards,
                golden.GetProperty("discount_t").Rows()[row],
                golden.GetProperty("v_t").Rows()[row],
                lambda,
                advantages
            );
            Near(golden.GetProperty("recomputed_float64").GetProperty(key).Rows()[row], advantages, 1e-12);
            // Published from float32, and at lambda .4 rounded by hand.
            Near(golden.GetProperty("published_advantages_by_lambda").GetProperty(key).Rows()[row], advantages, 1.2e-3);
        }
    }

    [Fact]
    public void Golden_returns_of_torchtune()
    {
        var golden = PublishedVectors.Case("gae_returns_torchtune");
        var values = golden.GetProperty("values").Numbers();
        var advantages = Gae(
            golden.GetProperty("rewards").Numbers(),
            values,
            golden.GetProperty("gamma").GetDouble(),
            golden.GetProperty("lam").GetDouble()
        );
        Near(golden.GetProperty("expected_returns").Numbers(), [.. advantages.Zip(values, (a, v) => a + v)], 1e-12);
    }

    [Fact]
    public void Law_lambda_1_gives_the_discounted_return_minus_the_value() =>
        Gen.Select(Episodes, Gen.Double[0, 1])
            .Sample(
                (episode, gamma) =>
                {
                    var advantages = Gae(episode.Rewards, episode.Values, gamma, 1);
                    for (var t = 0; t < advantages.Length; t++)
                    {
                        var discounted = 0.0;
                        for (var l = episode.Rewards.Length - 1; l >= t; l--)
                        {
                            discounted = episode.Rewards[l] + gamma * discounted;
                        }

                        Assert.Equal(discounted - episode.Values[t], advantages[t], 1e-9);
                    }
                }
            );

    [Fact]
    public void Law_lambda_0_gives_the_one_step_error() =>
        Gen.Select(Episodes, Gen.Double[0, 1])
            .Sample(
                (episode, gamma) =>
                {
                    var advantages = Gae(episode.Rewards, episode.Values, gamma, 0);
                    for (var t = 0; t < advantages.Length; t++)
                    {
                        var next = t + 1 < advantages.Length ? episode.Values[t + 1] : 0;
                        Assert.Equal(episode.Rewards[t] + gamma * next - episode.Values[t], advantages[t], 1e-12);
                    }
                }
            );

    [Fact]
    public void Law_a_perfect_value_function_leaves_no_advantage() =>
        Gen.Select(Episodes, Gen.Double[0, 1], Gen.Double[0, 1])
            .Sample(
                (episode, gamma, lambda) =>
                {
                    var values = new double[episode.Rewards.Length];
                    for (var t = values.Length - 1; t >= 0; t--)
                    {
                        values[t] = episode.Rewards[t] + (t + 1 < values.Length ? gamma * values[t + 1] : 0);
                    }

                    Assert.All(Gae(episode.Rewards, values, gamma, lambda), a => Assert.Equal(0, a, 1e-12));
                }
            );

    [Fact]
    public void Law_a_discount_of_0_cuts_an_episode_in_two() =>
        Gen.Select(Episodes, Episodes, Gen.Double[0, 1], Gen.Double[0, 1])
            .Sample(
                (first, second, gamma, lambda) =>
                {
                    double[] discounts =
                    [
                        .. Enumerable.Repeat(gamma, first.Rewards.Length - 1),
                        0,
                        .. Enumerable.Repeat(gamma, second.Rewards.Length),
                    ];
                    var together = new double[discounts.Length];
                    Advantages.Gae(
                        [.. first.Rewards, .. second.Rewards],
                        discounts,
                        [.. first.Values, .. second.Values, 0],
                        lambda,
                        together
                    );
                    Near(
                        [.. Gae(first.Rewards, first.Values, gamma, lambda), .. Gae(second.Rewards, second.Values, gamma, lambda)],
                        together,
                        1e-12
                    );
                }
            );

    [Fact]
    public void Lengths_that_do_not_fit_are_named() =>
        Assert.Contains(
            "lengths 2, 2, 2 and 2",
            Assert.Throws<ArgumentException>(() => Advantages.Gae(new double[2], new double[2], new double[2], 1, new double[2])).Message,
            StringComparison.Ordinal
        );

    private static double[] Gae(double[] rewards, double[] values, double gamma, double lambda)
    {
        var advantages = new double[rewards.Length];
        Advantages.Gae(rewards, values, gamma, lambda, advantages);
        return advantages;
    }

    private static void Near(double[] expected, double[] found, double tolerance)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }
}
