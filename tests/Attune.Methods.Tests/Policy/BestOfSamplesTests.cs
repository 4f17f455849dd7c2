using Attune.Methods.Policy;
using Attune.Worlds.Exact;
using CsCheck;

namespace Attune.Methods.Tests.Policy;

public sealed class BestOfSamplesTests
{
    private static readonly Gen<(double[] Prior, double[] Rewards, int N)> Problem = Gen.Select(
        Gen.Double[0.01, 1].Array[5],
        Gen.Int[0, 3].Array[5],
        Gen.Int[1, 6],
        (weights, rewards, n) => (weights.Select(w => w / weights.Sum()).ToArray(), rewards.Select(r => (double)r).ToArray(), n)
    );

    [Fact]
    public void Law_divergence_and_win_rate_keep_their_bounds() =>
        Problem.Sample(
            (prior, rewards, n) =>
            {
                var best = BestOfN.Of(prior, rewards, n);
                Assert.InRange(Divergence(best, prior), -1e-12, BestOfN.DivergenceBound(n) + 1e-12);
                var wins = (
                    from i in Enumerable.Range(0, 5)
                    from j in Enumerable.Range(0, 5)
                    select best[i]
                        * prior[j]
                        * (
                            rewards[i] > rewards[j] ? 1
                            : rewards[i] == rewards[j] ? 0.5
                            : 0
                        )
                ).Sum();
                Assert.InRange(wins, 0.5 - 1e-12, BestOfSamples.WinRateBound(n) + 1e-12);
            }
        );

    /// <summary>Over all 3^4 sets of four answers from three outcomes, by their probabilities, the estimators' means are exact.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_estimators_are_unbiased_by_enumeration(int n)
    {
        double[] prior = [0.5, 0.3, 0.2],
            rewards = [0, 1, 1],
            gold = [0.4, -1, 2];
        var (gains, wins) = (0.0, 0.0);
        foreach (var code in Enumerable.Range(0, 81))
        {
            int[] drawn = [code % 3, code / 3 % 3, code / 9 % 3, code / 27];
            var rng = drawn.Aggregate(1.0, (p, i) => p * prior[i]);
            double[] r = [.. drawn.Select(i => rewards[i])],
                g = [.. drawn.Select(i => gold[i])];
            var weights = BestOfSamples.Weights(r, n);
            Assert.Equal(1, weights.Sum(), 1e-12);
            gains += rng * weights.Zip(g, (w, v) => w * v).Sum();
            wins += rng * BestOfSamples.WinRate(r, g, n);
        }

        var best = BestOfN.Of(prior, rewards, n);
        Assert.Equal(best.Zip(gold, (p, v) => p * v).Sum(), gains, 1e-12);
        Assert.Equal(
            (
                from i in Enumerable.Range(0, 3)
                from j in Enumerable.Range(0, 3)
                select best[i]
                    * prior[j]
                    * (
                        gold[i] > gold[j] ? 1
                        : i == j ? 0.5
                        : 0
                    )
            ).Sum(),
            wins,
            1e-12
        );
    }

    [Fact]
    public void The_best_of_all_is_the_best_and_more_than_all_is_refused()
    {
        Assert.Equal([0, 0, 1, 0], BestOfSamples.Weights([3, 1, 9, 2], 4));
        Assert.Contains(
            "expected 1 to 4",
            Assert.Throws<ArgumentOutOfRangeException>(() => BestOfSamples.Weights([3, 1, 9, 2], 5)).Message,
            StringComparison.Ordinal
        );
    }

    private static double Divergence(double[] p, double[] q) => p.Zip(q, (a, b) => a > 0 ? a * Math.Log(a / b) : 0).Sum();
}
