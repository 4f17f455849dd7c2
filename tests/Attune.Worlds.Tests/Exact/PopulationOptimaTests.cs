using Attune.Worlds.Exact;
using CsCheck;

namespace Attune.Worlds.Tests.Exact;

public sealed class PopulationOptimaTests
{
    private static readonly Gen<(double[] Prior, double[] Utility)> Worlds =
        from size in Gen.Int[3, 7]
        from weights in Gen.Double[0.05, 1].Array[size]
        from utility in Gen.Double[-2, 2].Array[size]
        select (weights.Select(w => w / weights.Sum()).ToArray(), utility);

    /// <summary>DPO's expected loss (Rafailov et al. 2023, eq. 7) over all pairs of the prior.</summary>
    private static double DpoLoss(double[] pi, double[] prior, double[,] preference, double beta) =>
        Pairs(pi, prior, (y, z, margin) => -preference[y, z] * Math.Log(1 / (1 + Math.Exp(-beta * margin))));

    /// <summary>IPO's expected loss (Azar et al. 2023, eq. 17) over all pairs of the prior.</summary>
    private static double IpoLoss(double[] pi, double[] prior, double[,] preference, double tau) =>
        Pairs(pi, prior, (y, z, margin) => preference[y, z] * Math.Pow(margin - (1 / (2 * tau)), 2));

    private static double Pairs(double[] pi, double[] prior, Func<int, int, double, double> loss)
    {
        var sum = 0.0;
        for (var y = 0; y < pi.Length; y++)
        {
            for (var z = 0; z < pi.Length; z++)
            {
                var margin = Math.Log(pi[y] / prior[y]) - Math.Log(pi[z] / prior[z]);
                sum += prior[y] * prior[z] * loss(y, z, margin);
            }
        }

        return sum;
    }

    /// <summary>No small step in any log-probability lowers the loss.</summary>
    private static void RequireMinimum(double[] pi, Func<double[], double> loss)
    {
        var here = loss(pi);
        for (var i = 0; i < pi.Length; i++)
        {
            foreach (var step in new[] { 1e-4, -1e-4 })
            {
                var moved = pi.Select((p, j) => j == i ? p * Math.Exp(step) : p).ToArray();
                var total = moved.Sum();
                var there = loss([.. moved.Select(p => p / total)]);
                Assert.True(there >= here - 1e-12, $"a step of {step} in outcome {i} lowers the loss from {here:r} to {there:r}");
            }
        }
    }

    [Fact]
    public void Law_DPO_is_least_at_the_posterior_of_the_annotators_utility() =>
        Worlds.Sample(world =>
        {
            const double noise = 0.7,
                beta = 0.4;
            var preference = PopulationOptima.BradleyTerry(world.Utility, noise);
            var optimum = PopulationOptima.Dpo(world.Prior, world.Utility, noise, beta).Probabilities;
            RequireMinimum(optimum, pi => DpoLoss(pi, world.Prior, preference, beta));
        });

    [Fact]
    public void Law_IPO_is_least_at_its_closed_form_and_stays_near_the_prior() =>
        Worlds.Sample(world =>
        {
            const double tau = 0.3;
            var preference = PopulationOptima.BradleyTerry(world.Utility, 0.2);
            var optimum = PopulationOptima.Ipo(world.Prior, preference, world.Prior, tau).Probabilities;
            RequireMinimum(optimum, pi => IpoLoss(pi, world.Prior, preference, tau));
            // However sure the annotators are, no log-ratio differs from another by more than 1 / tau.
            var ratios = optimum.Zip(world.Prior, (p, q) => Math.Log(p / q)).ToArray();
            Assert.True(ratios.Max() - ratios.Min() <= 1 / tau);
        });

    [Fact]
    public void IPO_ends_elsewhere_than_the_posterior()
    {
        double[] prior = [0.2, 0.2, 0.2, 0.2, 0.2],
            utility = [0, 1, 2, 3, -4];
        var preference = PopulationOptima.BradleyTerry(utility, 1);
        var dpo = PopulationOptima.Dpo(prior, utility, 1, 1).Probabilities;
        var ipo = PopulationOptima.Ipo(prior, preference, prior, 1).Probabilities;
        Assert.True(Distribution.TotalVariation(dpo, ipo) > 0.2);
        Assert.Equal(Posterior.Of(prior, utility, 1).Probabilities, dpo);
    }

    [Fact]
    public void KTO_has_no_finite_optimum()
    {
        // Whatever the log-ratio, one step further in the majority's direction is better.
        foreach (var desirable in new[] { 0.55, 0.9 })
        {
            var losses = Enumerable.Range(-20, 41).Select(h => PopulationOptima.KtoLoss(desirable, h, 0.3, 0.1)).ToArray();
            Assert.All(losses.Zip(losses.Skip(1)), pair => Assert.True(pair.Second < pair.First));
            var mirrored = Enumerable.Range(-20, 41).Select(h => PopulationOptima.KtoLoss(1 - desirable, h, 0.3, 0.1)).ToArray();
            Assert.All(mirrored.Zip(mirrored.Skip(1)), pair => Assert.True(pair.Second > pair.First));
        }
    }

    [Fact]
    public void KTO_loss_equals_its_definition_worked_out_by_hand()
    {
        // d = .7, beta (h - z) = 1: sigmoid = .731059; .7 (1 - .731059) + .3 (1 - .268941) = .188259 + .219318 = .407576.
        Assert.Equal(0.407576, PopulationOptima.KtoLoss(0.7, 10.5, 0.5, 0.1), 1e-6);
    }
}
