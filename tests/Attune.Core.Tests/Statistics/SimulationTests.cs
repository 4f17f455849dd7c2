using Attune.Core.Statistics.Comparisons;
using Attune.Core.Statistics.Hypotheses;

namespace Attune.Core.Tests.Statistics;

/// <summary>What simulations stand on: fits on plain arrays and p-values that stop early.</summary>
public sealed class SimulationTests
{
    private static readonly double[,] Wins =
    {
        { 0, 7, 4.5, 9 },
        { 2, 0, 3, 5 },
        { 0.5, 4, 0, 0 },
        { 1, 0, 2, 0 },
    };

    [Theory]
    [InlineData(0.05)]
    [InlineData(2)]
    public void Strengths_on_arrays_are_those_of_the_general_fit(double alpha)
    {
        var general = BradleyTerry.Fit(4, Comparison.Of(Wins), alpha);
        var quick = RidgeStrengths.Fit(Wins, alpha);
        Assert.All(general.Strengths.Zip(quick), z => Assert.Equal(z.First, z.Second, 1e-9));
        Assert.All(quick.Zip(RidgeStrengths.Fit(Wins, alpha, [9, -9, 3, 0])), z => Assert.Equal(z.First, z.Second, 1e-9));
        Assert.Equal(FitTests.Of(Wins, quick).RatioGeneral, RidgeStrengths.Deviance(Wins, quick), 1e-9);
    }

    /// <summary>Draws 1, 2, 3, ...: all but the first four are at least 5, so that the tenth of these is the fourteenth draw.</summary>
    [Fact]
    public void Draws_stop_where_enough_were_as_extreme()
    {
        var (p, mean) = MonteCarlo.Above(5, draw => draw + 1, most: 999, enough: 10);
        Assert.Equal(10 / 14.0, p, 1e-12);
        Assert.Equal(7.5, mean, 1e-12);
    }

    /// <summary>Three of 99 draws reach it: (1 + 3) / (1 + 99).</summary>
    [Fact]
    public void Where_few_are_as_extreme_all_are_drawn() =>
        Assert.Equal(0.04, MonteCarlo.Above(96, draw => draw, most: 99, enough: 10).P, 1e-12);
}
