using Attune.Core.Runs;
using Attune.Worlds.Exact;
using CsCheck;

namespace Attune.Worlds.Tests.Exact;

public sealed class BestOfNTests
{
    [Fact]
    public void Best_of_two_equals_the_value_worked_out_by_hand()
    {
        // Scores 1 < 2 < 3 with probabilities .5, .3, .2: F = .5, .8, 1, so F^2 = .25, .64, 1 and the best is .25, .39, .36.
        var kept = BestOfN.Of([0.3, 0.5, 0.2], [2, 1, 3], 2);
        Assert.Equal(0.39, kept[0], 1e-12);
        Assert.Equal(0.25, kept[1], 1e-12);
        Assert.Equal(0.36, kept[2], 1e-12);
    }

    [Fact]
    public void Outcomes_of_one_score_share_by_their_prior()
    {
        // Two outcomes of score 2 with .1 and .3: F = .6, 1; together 1 - .36 = .64, a quarter and three quarters of it.
        var kept = BestOfN.Of([0.6, 0.1, 0.3], [1, 2, 2], 2);
        Assert.Equal(0.16, kept[1], 1e-12);
        Assert.Equal(0.48, kept[2], 1e-12);
    }

    [Theory]
    // Uniform over `size` outcomes, n = 16 (Beirami et al. 2024 show that the formula is only a bound).
    [InlineData(2, 0.69296)]
    [InlineData(10, 1.73306)]
    [InlineData(100, 1.83402)]
    [InlineData(10_000, 1.83509)]
    public void Divergence_of_the_best_of_16_approaches_its_bound_from_below(int size, double expected)
    {
        double[] prior = [.. Enumerable.Repeat(1.0 / size, size)];
        double[] scores = [.. Enumerable.Range(0, size).Select(i => (double)i)];
        var divergence = Distribution.Divergence(BestOfN.Of(prior, scores, 16), prior);
        Assert.Equal(expected, divergence, 1e-5);
        Assert.True(divergence <= BestOfN.DivergenceBound(16));
    }

    [Theory]
    [InlineData(2, 0.19315)]
    [InlineData(64, 3.17451)]
    [InlineData(1860, 6.529)]
    public void Bound_equals_the_published_value(int n, double expected) => Assert.Equal(expected, BestOfN.DivergenceBound(n), 1e-3);

    [Fact]
    public void Law_probabilities_sum_to_1_and_the_mean_score_rises_with_n() =>
        (
            from size in Gen.Int[2, 20]
            from weights in Gen.Double[0.001, 1].Array[size]
            from scores in Gen.Int[0, 6].Array[size]
            select (weights, scores)
        ).Sample(world =>
        {
            double[] prior = [.. world.weights.Select(w => w / world.weights.Sum())];
            double[] scores = [.. world.scores.Select(s => (double)s)];
            var before = double.NegativeInfinity;
            foreach (var n in new[] { 1.0, 1.5, 2, 8, 100, 1e6 })
            {
                var kept = BestOfN.Of(prior, scores, n);
                Assert.Equal(1, kept.Sum(), 1e-9);
                var mean = Distribution.Mean(kept, scores);
                Assert.True(mean >= before - 1e-9);
                before = mean;
            }
        });

    [Fact]
    public void Weights_of_a_sample_equal_all_subsets_counted_one_by_one()
    {
        // 5 drawn, best of 3: of the 10 subsets of three, the best is the 3rd in 1, the 4th in 3, the 5th in 6.
        Assert.Equal([0, 0, 0.1, 0.3, 0.6], BestOfN.SampleWeights(5, 3).Select(w => Math.Round(w, 12)));
        Assert.Equal(0.2, BestOfN.SampleWeights(5, 1)[2], 1e-12);
    }

    [Fact]
    public void Estimates_from_a_sample_agree_with_the_exact_distribution()
    {
        double[] prior = [0.4, 0.3, 0.2, 0.1],
            scores = [0, 1, 2, 3],
            figure = [5, -1, 2, 0];
        var exact = Distribution.Mean(BestOfN.Of(prior, scores, 4), figure);
        var estimates = Enumerable
            .Range(0, 4000)
            .Select(trial =>
            {
                var rng = new Seed(3).For("trial", trial).Rng();
                var drawn = Enumerable
                    .Range(0, 12)
                    .Select(_ =>
                        rng.NextDouble() is var u && u < 0.4 ? 0
                        : u < 0.7 ? 1
                        : u < 0.9 ? 2
                        : 3
                    )
                    .Order()
                    .ToArray();
                return BestOfN.SampleWeights(12, 4).Zip(drawn, (w, i) => w * figure[i]).Sum();
            })
            .ToArray();
        // 4000 trials of a standard deviation below 1.2: six standard errors are 0.11.
        Assert.Equal(exact, estimates.Average(), 0.11);
    }

    [Fact]
    public void Gaussian_errors_never_turn_gold_over()
    {
        // Jointly normal: E[gold | proxy] = proxy / 2, so the best of n has gold m_n / sqrt 2 where m_n is the expected largest of n
        // standard normals (m_2 = 1 / sqrt pi = .56419, m_16 = 1.76599).
        var world = NoisyProxy.GaussianErrors();
        Assert.Equal(0.56419 / Math.Sqrt(2), world.BestOf(2).Gold, 1e-3);
        Assert.Equal(1.76599 / Math.Sqrt(2), world.BestOf(16).Gold, 2e-3);
        var figures = Powers.Select(n => world.BestOf(n)).ToArray();
        Assert.All(figures.Zip(figures.Skip(1)), pair => Assert.True(pair.Second.Gold > pair.First.Gold));
        Assert.All(figures, f => Assert.Equal(f.Proxy / 2, f.Gold, 2e-3));
    }

    [Fact]
    public void Heavy_tailed_errors_turn_gold_over_while_the_proxy_rises()
    {
        var world = NoisyProxy.StudentErrors();
        var figures = Powers.Select(n => (N: n, Figure: world.BestOf(n))).ToArray();
        var peak = figures.MaxBy(f => f.Figure.Gold);
        Assert.InRange(peak.N, 8, 32);
        Assert.Equal(0.88, peak.Figure.Gold, 0.03);
        Assert.InRange(figures[^1].Figure.Gold, 0.15, 0.35);
        Assert.All(figures.Zip(figures.Skip(1)), pair => Assert.True(pair.Second.Figure.Proxy > pair.First.Figure.Proxy));
        Assert.True(figures[^1].Figure.Proxy > 20);
        // The whole way is within the bound on divergence that any best-of-n keeps.
        Assert.All(figures, f => Assert.InRange(f.Figure.Divergence, 0, BestOfN.DivergenceBound(f.N) + 1e-9));
    }

    private static readonly int[] Powers = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
}
