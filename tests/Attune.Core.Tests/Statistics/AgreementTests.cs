using Attune.Core.Runs;
using Attune.Core.Statistics;
using CsCheck;

namespace Attune.Core.Tests.Statistics;

/// <summary>Agreement measures against the examples their authors worked out.</summary>
public sealed class AgreementTests
{
    /// <summary>
    /// Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C: four observers, twelve units, some values missing.
    /// </summary>
    private static readonly double[][] Krippendorff =
    [
        [1, 1, 1],
        [2, 2, 3, 2],
        [3, 3, 3, 3],
        [3, 3, 3, 3],
        [2, 2, 2, 2],
        [1, 2, 3, 4],
        [4, 4, 4, 4],
        [1, 1, 2, 1],
        [2, 2, 2, 2],
        [5, 5, 5],
        [1, 1],
        [3],
    ];

    [Theory]
    [InlineData(MeasurementLevel.Nominal, 0.743)]
    [InlineData(MeasurementLevel.Ordinal, 0.815)]
    [InlineData(MeasurementLevel.Interval, 0.849)]
    public void Alpha_is_what_Krippendorff_worked_out(MeasurementLevel level, double expected) =>
        Assert.Equal(expected, Alpha.Of(Krippendorff, level), 0.0005);

    /// <summary>
    /// Fleiss' method on the example of ten subjects, fourteen raters and five categories that is printed widely with 0.210.
    /// </summary>
    [Fact]
    public void Fleiss_kappa_is_what_the_worked_example_says()
    {
        int[][] counts =
        [
            [0, 0, 0, 0, 14],
            [0, 2, 6, 4, 2],
            [0, 0, 3, 5, 6],
            [0, 3, 9, 2, 0],
            [2, 2, 8, 1, 1],
            [7, 7, 0, 0, 0],
            [3, 2, 6, 3, 0],
            [2, 5, 3, 2, 2],
            [6, 5, 2, 1, 0],
            [0, 2, 2, 3, 7],
        ];
        Assert.Equal(0.210, Kappa.Fleiss(counts), 0.0005);
    }

    /// <summary>20 and 15 of 50 alike, 5 and 10 apart: observed 0.7, by chance 0.5, so 0.4.</summary>
    [Fact]
    public void Cohens_kappa_of_two_by_two_is_worked_out_by_hand()
    {
        var units = Enumerable
            .Repeat((0, 0), 20)
            .Concat(Enumerable.Repeat((0, 1), 5))
            .Concat(Enumerable.Repeat((1, 0), 10))
            .Concat(Enumerable.Repeat((1, 1), 15))
            .ToArray();
        Assert.Equal(0.4, Kappa.Cohen(units), 1e-12);
        // Two categories have one distance: weights change nothing.
        Assert.Equal(0.4, Kappa.Cohen(units, KappaWeights.Quadratic), 1e-12);
    }

    /// <summary>
    /// Cohen 1960 and 1968: two judges, 200 cases, personality disorder, neurosis, psychosis, in shares .44 .05 .01, .07 .20 .03, .09 .05
    /// .06. Alike in 0.70, by chance in 0.41: kappa 0.492.
    /// </summary>
    [Fact]
    public void Cohens_kappa_is_what_Cohen_worked_out()
    {
        int[][] cases =
        [
            [88, 10, 2],
            [14, 40, 6],
            [18, 10, 12],
        ];
        var units = cases.SelectMany((row, i) => row.SelectMany((count, j) => Enumerable.Repeat((i, j), count))).ToArray();
        Assert.Equal(200, units.Length);
        Assert.Equal(0.492, Kappa.Cohen(units), 0.0005);
    }

    /// <summary>
    /// Three categories, (0,0), (1,2), (2,1), (2,2). Linear: observed 0 + 1 + 1 + 0 = 2; marginals 1, 1, 2 for both; expected
    /// (1 (0 + 1 + 2 2) + 1 (1 + 0 + 2) + 2 (2 + 1 + 0)) / 4 = 14/4; kappa = 1 - 2 / 3.5 = 3/7.
    /// </summary>
    [Fact]
    public void Weighted_kappa_is_worked_out_by_hand() =>
        Assert.Equal(3 / 7.0, Kappa.Cohen([(0, 0), (1, 2), (2, 1), (2, 2)], KappaWeights.Linear), 1e-12);

    /// <summary>Siegel 1956, three executives rank six applicants: rank sums 8, 14, 11, 11, 11, 8, s = 25.5, W = 0.16.</summary>
    [Fact]
    public void Kendalls_W_is_what_Siegel_worked_out() =>
        Assert.Equal(
            0.1619,
            Concordance.KendallW([
                [1, 6, 3, 2, 5, 4],
                [1, 5, 6, 4, 2, 3],
                [6, 3, 2, 5, 4, 1],
            ]),
            0.00005
        );

    /// <summary>Without ties (m W - 1) / (m - 1): (3 * 51 / 315 - 1) / 2 = -9 / 35.</summary>
    [Fact]
    public void The_mean_rank_correlation_is_what_Siegel_worked_out() =>
        Assert.Equal(
            -9 / 35.0,
            Concordance.MeanSpearman([
                [1, 6, 3, 2, 5, 4],
                [1, 5, 6, 4, 2, 3],
                [6, 3, 2, 5, 4, 1],
            ]),
            1e-12
        );

    [Fact]
    public void Law_two_people_who_rank_at_random_have_a_W_of_one_half_and_no_rank_correlation()
    {
        var rng = new Seed(4).Rng();
        List<double> w = [];
        List<double> rho = [];
        for (var i = 0; i < 4000; i++)
        {
            int[][] rankings = [rng.Permutation(5), rng.Permutation(5)];
            w.Add(Concordance.KendallW(rankings));
            rho.Add(Concordance.MeanSpearman(rankings));
        }

        Assert.Equal(0.5, w.Average(), 0.02);
        Assert.Equal(0, rho.Average(), 0.03);
    }

    [Fact]
    public void Ties_of_all_are_no_disagreement() =>
        Assert.Equal(
            1,
            Concordance.KendallW([
                [1, 1, 3],
                [1, 1, 3],
                [1, 1, 2],
            ]),
            1e-12
        );

    [Fact]
    public void Law_two_categories_need_no_scale() =>
        Gen.Int[0, 1]
            .Array[2, 4]
            .Array[3, 20]
            .Sample(units =>
            {
                double[][] values = [.. units.Select(u => u.Select(v => (double)v).ToArray())];
                var (nominal, interval) = (Alpha.Of(values, MeasurementLevel.Nominal), Alpha.Of(values, MeasurementLevel.Interval));
                return double.IsNaN(nominal) ? double.IsNaN(interval) : Math.Abs(nominal - interval) < 1e-9;
            });

    [Fact]
    public void Law_full_agreement_is_one_and_order_of_people_does_not_matter() =>
        Gen.Int[1, 5]
            .Array[3, 3]
            .Array[3, 10]
            .Sample(units =>
            {
                double[][] values = [.. units.Select(u => u.Select(v => (double)v).ToArray())];
                double[][] alike = [.. values.Select(u => u.Select(_ => u[0]).ToArray())];
                var (all, turned) = (
                    Alpha.Of(values, MeasurementLevel.Ordinal),
                    Alpha.Of([.. values.Select(u => u.Reverse().ToArray())], MeasurementLevel.Ordinal)
                );
                var full = Alpha.Of(alike, MeasurementLevel.Ordinal);
                return (double.IsNaN(full) || Math.Abs(full - 1) < 1e-12)
                    && (double.IsNaN(all) ? double.IsNaN(turned) : Math.Abs(all - turned) < 1e-9);
            });
}
