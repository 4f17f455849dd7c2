using Attune.Core.Statistics;
using Attune.Core.Statistics.Agreement;
using Attune.Core.Statistics.Comparisons;
using Attune.Core.Statistics.Hypotheses;
using Attune.Core.Statistics.Regression;

namespace Attune.Core.Tests.Statistics;

/// <summary>Values worked out by hand or printed in papers; they run everywhere.</summary>
public sealed class ComparisonTests
{
    /// <summary>Two items, 3 wins to 1: the difference is log 3 with variance 1/3 + 1/1.</summary>
    [Fact]
    public void Two_items_have_the_log_odds()
    {
        var fit = BradleyTerry.Fit(2, [new(0, 1, 3), new(1, 0)]);
        Assert.Equal(Math.Log(3), fit.Strengths[0] - fit.Strengths[1], 1e-10);
        Assert.Equal(Math.Sqrt((1 / 3.0) + 1), fit.DifferenceError(0, 1), 1e-10);
    }

    /// <summary>Stigler 1994: citations among four journals; values as printed for the model of Bradley and Terry.</summary>
    [Fact]
    public void Journals_have_the_published_strengths()
    {
        double[,] wins =
        {
            { 0, 730, 498, 221 },
            { 33, 0, 68, 17 },
            { 320, 813, 0, 142 },
            { 284, 276, 325, 0 },
        };
        var fit = BradleyTerry.Fit(4, Comparison.Of(wins));
        double[] published = [0, -2.94907, -0.47957, 0.26895];
        Assert.All(fit.Strengths.Zip(published), z => Assert.Equal(z.Second, z.First - fit.Strengths[0], 0.00001));
        Assert.Equal(4.2934, FitTests.Of(wins, fit.Strengths).RatioGeneral, 0.0001);
    }

    [Fact]
    public void An_item_that_never_lost_has_no_finite_strength()
    {
        var graph = new ComparisonGraph(3, [new(0, 1), new(0, 2), new(1, 2), new(2, 1)]);
        Assert.False(graph.HasFiniteMaximum);
        Assert.Equal([0], graph.Undefeated);
        Assert.Equal(
            [
                [0],
                [1, 2],
            ],
            graph.StrongComponents
        );
    }

    /// <summary>Of the 8 tournaments of three items, 2 are circles.</summary>
    [Fact]
    public void Circles_of_three_and_four_are_counted()
    {
        Assert.Equal(new Dictionary<int, double> { [0] = 6, [1] = 2 }, TriadDistribution.Of(3));
        Assert.Equal(
            new Dictionary<int, double>
            {
                [0] = 24,
                [1] = 16,
                [2] = 24,
            },
            TriadDistribution.Of(4)
        );
    }

    /// <summary>Rock, paper, scissors: all curl and no gradient; a scale: all gradient.</summary>
    [Fact]
    public void A_circle_is_curl_and_a_scale_is_gradient()
    {
        Assert.Equal(1, Hodge.Of(3, [new(0, 1, 1), new(1, 2, 1), new(0, 2, -1)]).CurlShare, 1e-12);
        Assert.Equal(0, Hodge.Of(3, [new(0, 1, 1), new(1, 2, 1), new(0, 2, 2)]).IntransitiveShare, 1e-12);
    }

    /// <summary>Condorcet's paradox: three orders, each item beats the next by two to one.</summary>
    [Fact]
    public void The_paradox_of_voting_has_no_winner()
    {
        var profile = RankProfile.Of(3, [(1, [0, 1, 2]), (1, [1, 2, 0]), (1, [2, 0, 1])]);
        Assert.Null(profile.Counts.CondorcetWinner);
        Assert.Equal(1, profile.Counts.Triads().Circular);
        Assert.Equal(4, profile.Counts.Kemeny().Cost);
    }

    /// <summary>Newcombe 1998, table II: 56 of 70 against 48 of 80.</summary>
    [Fact]
    public void Newcombes_example_is_met()
    {
        var (low, high) = new ProportionDifference(56, 70, 48, 80).Newcombe;
        Assert.Equal(0.0524, low, 0.00005);
        Assert.Equal(0.3339, high, 0.00005);
    }

    /// <summary>Shrout and Fleiss 1979: six targets, four judges.</summary>
    [Fact]
    public void Shrout_and_Fleiss_are_met()
    {
        var found = new IntraclassCorrelation([
            [9, 2, 5, 8],
            [6, 1, 3, 2],
            [8, 4, 6, 8],
            [7, 1, 2, 6],
            [10, 5, 6, 9],
            [6, 2, 4, 7],
        ]);
        Assert.Equal(0.17, found.One.Value, 0.005);
        Assert.Equal(0.29, found.Two.Value, 0.005);
        Assert.Equal(0.71, found.Three.Value, 0.005);
    }

    [Theory]
    [InlineData(1, 12.7062047362)]
    [InlineData(7, 2.36462425159)]
    [InlineData(1e9, 1.95996398454)]
    public void Students_quantiles_are_the_tables(double freedom, double expected) =>
        Assert.Equal(expected, Distribution.StudentQuantile(0.975, freedom), 1e-6);

    /// <summary>3, 1, 2: the first two pool to 2, then all are 2.</summary>
    [Fact]
    public void Violators_are_pooled() => Assert.Equal([2, 2, 2], Isotonic.Pool([3, 1, 2], [1, 1, 1]).Fitted);

    /// <summary>Points on 1 - 2 / √n come back.</summary>
    [Fact]
    public void A_learning_curve_comes_back()
    {
        double[] n = [10, 20, 50, 100, 400];
        var fit = PowerLaw.Fit(n, [.. n.Select(v => 1 - (2 / Math.Sqrt(v)))], [.. n.Select(_ => 0.1)]);
        Assert.Equal(1, fit.A, 1e-6);
        Assert.Equal(0.5, fit.C, 1e-6);
    }
}
