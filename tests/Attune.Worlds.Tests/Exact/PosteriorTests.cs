using Attune.Worlds.Exact;
using CsCheck;

namespace Attune.Worlds.Tests.Exact;

public sealed class PosteriorTests
{
    private static readonly double[] Prior = [0.5, 0.3, 0.15, 0.05];
    private static readonly double[] Reward = [0, 1, 2, -1];

    private static readonly Gen<(double[] Prior, double[] Reward, double Beta)> Worlds =
        from size in Gen.Int[2, 12]
        from weights in Gen.Double[0.01, 1].Array[size]
        from reward in Gen.Double[-3, 3].Array[size]
        from beta in Gen.Double[0.05, 5]
        select (weights.Select(w => w / weights.Sum()).ToArray(), reward, beta);

    [Theory]
    // beta 1: weights .5, .3e, .15e^2, .05/e = .5, .815485, 1.108358, .018394; Z = 2.442237, log Z = .892914.
    [InlineData(1, 0.892914, 1.234036, 0.341121)]
    [InlineData(0.5, 2.389974, 1.703385, 1.016797)]
    [InlineData(2, 0.359551, 0.893269, 0.087084)]
    public void Posterior_equals_the_value_worked_out_by_hand(double beta, double logPartition, double mean, double divergence)
    {
        var posterior = Posterior.Of(Prior, Reward, beta);
        Assert.Equal(logPartition, posterior.LogPartition, 1e-6);
        Assert.Equal(mean, Distribution.Mean(posterior.Probabilities, Reward), 2e-6);
        Assert.Equal(divergence, Distribution.Divergence(posterior.Probabilities, Prior), 1e-6);
        Assert.Equal(beta * logPartition, posterior.BestObjective, 2e-6);
    }

    [Fact]
    public void Posterior_at_temperature_1_has_the_probabilities_worked_out_by_hand()
    {
        var expected = new[] { 0.204730, 0.333909, 0.453829, 0.007532 };
        Assert.All(Posterior.Of(Prior, Reward, 1).Probabilities.Zip(expected), p => Assert.Equal(p.Second, p.First, 1e-6));
    }

    [Fact]
    public void Law_what_a_policy_lacks_of_the_best_objective_is_beta_times_its_divergence_from_the_posterior() =>
        (from world in Worlds from other in Gen.Double[0.01, 1].Array[world.Prior.Length] select (world, other)).Sample(t =>
        {
            var ((prior, reward, beta), weights) = t;
            double[] pi = [.. weights.Select(w => w / weights.Sum())];
            var best = Posterior.Of(prior, reward, beta);
            var lacking = best.BestObjective - Distribution.Objective(pi, prior, reward, beta);
            Assert.Equal(beta * Distribution.Divergence(pi, best.Probabilities), lacking, 1e-9);
            Assert.True(lacking >= -1e-12);
        });

    [Fact]
    public void Law_a_constant_added_to_the_reward_changes_nothing_but_the_partition() =>
        Worlds.Sample(world =>
        {
            var moved = Posterior.Of(world.Prior, [.. world.Reward.Select(r => r + 1.5)], world.Beta);
            var best = Posterior.Of(world.Prior, world.Reward, world.Beta);
            Assert.All(moved.Probabilities.Zip(best.Probabilities), p => Assert.Equal(p.First, p.Second, 1e-12));
            Assert.Equal(best.LogPartition + (1.5 / world.Beta), moved.LogPartition, 1e-9);
        });

    [Fact]
    public void A_temperature_of_0_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => Posterior.Of(Prior, Reward, 0));

    [Fact]
    public void Total_variation_equals_the_value_worked_out_by_hand() =>
        // |.5-.2| + |.3-.3| + |.15-.4| + |.05-.1| = .3 + .25 + .05 = .6, halved.
        Assert.Equal(0.3, Distribution.TotalVariation(Prior, [0.2, 0.3, 0.4, 0.1]), 1e-12);
}
