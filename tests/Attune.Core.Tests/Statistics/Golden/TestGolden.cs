using Attune.Core.Statistics;
using Attune.Core.Statistics.Hypotheses;
using Attune.Core.Statistics.Regression;
using Values = System.Collections.Generic.Dictionary<string, object?>;

namespace Attune.Core.Tests.Statistics.Golden;

/// <summary>Sections 4, 6 and 8: intervals, tests, regressions, learning curves.</summary>
internal static class TestGolden
{
    public static IReadOnlyList<string>? Differences(GoldenEntry e) =>
        e.Kind switch
        {
            "proportion_interval" => e.Differences(GoldenEntry.Rows(e["cases"]).Select(c => Share((int)c[0], (int)c[1]))),
            "difference_of_proportions" => e.Differences(
                GoldenEntry.Rows(e["cases"]).Select(c => Difference(new((int)c[0], (int)c[1], (int)c[2], (int)c[3])))
            ),
            "newcombe_difference_published" => e.Differences(
                new Values
                {
                    ["ci95"] = Ends(
                        new ProportionDifference(e["k1"].GetInt32(), e["n1"].GetInt32(), e["k2"].GetInt32(), e["n2"].GetInt32()).Newcombe
                    ),
                }
            ),
            "t_tests" => e.Differences(Means(e)),
            "distribution_functions" => e.Differences(Functions(e)),
            "paired_permutation" => e.Differences(Flips(e)),
            "mcnemar" => e.Differences(GoldenEntry.Rows(e["discordant"]).Select(c => Discordant(new PairedCounts((int)c[0], (int)c[1])))),
            "multiple_testing" => e.Differences(Adjusted(e)),
            "correlation" => e.Differences(Correlations(e)),
            "partial_correlation" => e.Differences(Partial(e)),
            "logistic_regression" => e.Differences(Logistic(e)),
            "length_bias_pairs" => e.Differences(LengthBias(e)),
            "linear_regression" => e.Differences(Linear(e)),
            "isotonic" => e.Differences(Rising(e)),
            "power_law" => e.Differences(Curve(e)),
            _ => null,
        };

    private static double[] Ends((double Low, double High) interval) => [interval.Low, interval.High];

    private static Values Share(int k, int n) =>
        new()
        {
            ["k"] = k,
            ["n"] = n,
            ["wilson"] = Ends(Proportion.Score(k, n)),
            ["clopper_pearson"] = Ends(Proportion.Exact(k, n)),
            ["agresti_coull"] = Ends(Proportion.AgrestiCoull(k, n)),
            ["jeffreys"] = Ends(Proportion.Jeffreys(k, n)),
            ["wald"] = Ends(Proportion.Wald(k / (double)n, n)),
            ["wilson_continuity"] = Ends(Proportion.ScoreContinuity(k, n)),
            ["binomial_test_half_two_sided_p"] = Proportion.SignTest(k, n),
        };

    private static Values Difference(ProportionDifference d) =>
        new()
        {
            ["k1"] = d.K1,
            ["n1"] = d.N1,
            ["k2"] = d.K2,
            ["n2"] = d.N2,
            ["difference"] = d.Difference,
            ["newcombe_wilson"] = Ends(d.Newcombe),
            ["wald"] = Ends(d.Wald),
            ["agresti_caffo"] = Ends(d.AgrestiCaffo),
            ["miettinen_nurminen_score"] = Ends(d.Score),
            ["z_pooled"] = d.PooledZ,
            ["p_z_pooled"] = d.PooledP,
            ["fisher_exact_p"] = d.FisherP,
        };

    private static Values Means(GoldenEntry e)
    {
        var (x, y) = (GoldenEntry.Numbers(e["x"]), GoldenEntry.Numbers(e["y"]));
        var least = Math.Min(x.Length, y.Length);
        Values Of(MeanTest t) =>
            new()
            {
                ["mean"] = x.Average(),
                ["sd"] = Math.Sqrt(MeanTest.Variance(x)),
                ["difference"] = t.Difference,
                ["t"] = t.T,
                ["df"] = t.Freedom,
                ["p"] = t.P,
                ["ci95"] = Ends(t.Interval),
            };
        return new Values
        {
            ["one_sample_mu0"] = Of(MeanTest.Of(x)),
            ["welch"] = Of(MeanTest.Welch(x, y)),
            ["pooled"] = Of(MeanTest.Pooled(x, y)),
            ["paired"] = Of(MeanTest.Paired(x[..least], y[..least])),
            ["cohens_d_pooled_sd"] = MeanTest.CohensD(x, y),
        };
    }

    /// <summary>The file gives χ² at 3 |x|, F with 3 and 7.5 degrees at |x| + 0.1, the quantiles of Beta(2.5, 0.5), and the
    /// binomial at 0, 4, 8, ... of 20.</summary>
    private static Values Functions(GoldenEntry e)
    {
        var (x, p) = (GoldenEntry.Numbers(e["x"]), GoldenEntry.Numbers(e["probabilities"]));
        double[] freedoms = [1, 2.5, 3, 4.5, 7, 10, 30];
        Dictionary<string, object> By(Func<double, object> of) => freedoms.ToDictionary(f => FormattableString.Invariant($"{f}"), of);
        return new Values
        {
            ["normal_cdf"] = x.Select(Distribution.NormalBelow),
            ["normal_sf"] = x.Select(v => Distribution.NormalBelow(-v)),
            ["normal_quantile"] = p.Select(Distribution.NormalQuantile),
            ["t_cdf"] = By(f => x.Select(v => Distribution.StudentAbove(-v, f))),
            ["t_quantile"] = By(f => p.Select(v => Distribution.StudentQuantile(v, f))),
            ["chi2_sf"] = By(f => x.Select(v => Distribution.ChiSquareAbove(3 * Math.Abs(v), f))),
            ["f_sf"] = x.Select(v => Distribution.FisherAbove(Math.Abs(v) + 0.1, 3, 7.5)),
            ["beta_quantile"] = p.Select(v => Distribution.BetaQuantile(v, 2.5, 0.5)),
            ["binom_cdf_n20_p03"] = x.Select((_, i) => Distribution.BinomialBelow(4 * i, 20, 0.3)),
        };
    }

    private static Values Flips(GoldenEntry e)
    {
        var (differences, signs) = (GoldenEntry.Numbers(e["differences"]), GoldenEntry.Rows(e["sign_flips"]));
        var (drawn, exact) = (SignFlips.Drawn(differences, signs), SignFlips.Exact(differences));
        return new Values
        {
            ["observed"] = differences.Average(),
            ["flip_means"] = signs.Select(s => SignFlips.Mean(differences, s)),
            ["count_two_sided"] = drawn.Count,
            ["p_monte_carlo"] = drawn.TwoSided,
            ["p_monte_carlo_greater"] = drawn.Greater,
            ["p_exact_two_sided"] = exact.TwoSided,
            ["p_exact_greater"] = exact.Greater,
        };
    }

    private static Values Discordant(PairedCounts c) =>
        new()
        {
            ["b"] = c.B,
            ["c"] = c.C,
            ["p_exact"] = c.ExactP,
            ["chi2"] = c.ChiSquare,
            ["p_chi2"] = c.ChiSquareP,
            ["chi2_continuity"] = c.Corrected,
            ["p_chi2_continuity"] = c.CorrectedP,
            ["p_mid"] = c.MidP,
            ["scipy_binomtest_p"] = c.ExactP,
        };

    private static Values Adjusted(GoldenEntry e)
    {
        var (p, alpha) = (GoldenEntry.Numbers(e["p"]), e.Option("alpha", 0.05));
        var adjusted = new Dictionary<string, double[]>
        {
            ["holm"] = MultipleTests.Holm(p),
            ["fdr_bh"] = MultipleTests.BenjaminiHochberg(p),
            ["fdr_by"] = MultipleTests.BenjaminiYekutieli(p),
            ["bonferroni"] = MultipleTests.Bonferroni(p),
            ["holm-sidak"] = MultipleTests.HolmSidak(p),
            ["simes-hochberg"] = MultipleTests.Hochberg(p),
        };
        return new Values
        {
            ["adjusted"] = adjusted,
            ["rejected"] = adjusted.ToDictionary(a => a.Key, a => a.Value.Select(v => v <= alpha)),
        };
    }

    private static Values Correlations(GoldenEntry e)
    {
        var (x, y) = (GoldenEntry.Numbers(e["x"]), GoldenEntry.Numbers(e["y"]));
        var ranks = new RankCorrelation(x, y);
        var pearson = Correlation.Pearson(x, y)!.Value;
        return new Values
        {
            ["tau_b"] = ranks.TauB,
            ["p_asymptotic"] = ranks.TauP,
            ["p_kendall_exact"] = ranks.TauExactP,
            ["tau_c"] = ranks.TauC,
            ["concordant"] = ranks.Concordant,
            ["discordant"] = ranks.Discordant,
            ["goodman_kruskal_gamma"] = ranks.Gamma,
            ["somers_d_y_given_x"] = ranks.SomersD,
            ["spearman"] = ranks.Spearman,
            ["p_spearman_t"] = RankCorrelation.P(ranks.Spearman, x.Length),
            ["pearson"] = pearson,
            ["p_pearson"] = RankCorrelation.P(pearson, x.Length),
            ["pearson_fisher_ci95"] = Ends(RankCorrelation.Interval(pearson, x.Length)),
        };
    }

    private static Values Partial(GoldenEntry e)
    {
        var (x, y, z) = (GoldenEntry.Numbers(e["x"]), GoldenEntry.Numbers(e["y"]), GoldenEntry.Rows(e["z"]));
        Values Of(double[] a, double[] b, double[][] given)
        {
            var (r, k) = (RankCorrelation.Partial(a, b, given), given[0].Length);
            return new Values
            {
                ["r"] = r,
                ["p"] = RankCorrelation.P(r, a.Length, k),
                ["t"] = RankCorrelation.T(r, a.Length, k),
                ["df"] = a.Length - 2 - k,
                // The file's interval is rounded to two decimals.
                ["ci95"] = Ends(RankCorrelation.Interval(r, a.Length, k)).Select(v => Math.Round(v, 2)),
            };
        }

        double[][] columns = [.. z[0].Select((_, k) => RankCorrelation.MidRanks([.. z.Select(row => row[k])]))];
        double[][] ranked = [.. z.Select((_, i) => columns.Select(c => c[i]).ToArray())];
        return new Values
        {
            ["given_both"] = Of(x, y, z),
            ["given_first"] = Of(x, y, [.. z.Select(row => row[..1])]),
            ["spearman_given_both"] = Of(RankCorrelation.MidRanks(x), RankCorrelation.MidRanks(y), ranked),
        };
    }

    private static Values Logistic(GoldenEntry e)
    {
        var (y, clusters) = (GoldenEntry.Numbers(e["y"]), GoldenEntry.Integers(e["cluster"]));
        double[][] x = [.. GoldenEntry.Rows(e["x"]).Select(r => (double[])[1, .. r])];
        var (fit, none) = (new LogisticRegression(x, y), new LogisticRegression([.. x.Select(_ => new double[] { 1 })], y));
        var (errors, ratio) = (fit.ClusterErrors(clusters), 2 * (fit.LogLikelihood - none.LogLikelihood));
        return new Values
        {
            ["coefficients"] = fit.Coefficients,
            ["log_likelihood"] = fit.LogLikelihood,
            ["log_likelihood_null"] = none.LogLikelihood,
            ["lr"] = ratio,
            ["lr_p"] = Distribution.ChiSquareAbove(ratio, x[0].Length - 1),
            ["mcfadden_r2"] = 1 - (fit.LogLikelihood / none.LogLikelihood),
            ["se"] = fit.Errors,
            ["se_hc0"] = fit.RobustErrors(corrected: false),
            ["se_hc1"] = fit.RobustErrors(corrected: true),
            ["se_cluster_corrected"] = errors,
            ["se_cluster_plain"] = fit.ClusterErrors(clusters, corrected: false),
            ["cov_cluster_corrected"] = fit.ClusterCovariance(clusters).ToRowArrays(),
            ["z_cluster"] = fit.Coefficients.Zip(errors, (b, s) => b / s),
            ["p_cluster"] = fit.Coefficients.Zip(errors, (b, s) => Distribution.NormalTwoSided(b / s)),
            ["ci95_cluster"] = fit.Coefficients.Zip(
                errors,
                (b, s) => new[] { b - (Distribution.Normal975 * s), b + (Distribution.Normal975 * s) }
            ),
            ["clusters"] = clusters.Distinct().Count(),
        };
    }

    private static Values LengthBias(GoldenEntry e)
    {
        double[][] x =
        [
            .. GoldenEntry
                .Numbers(e["quality_difference"])
                .Zip(GoldenEntry.Numbers(e["length_difference"]), (quality, length) => new[] { quality, length }),
        ];
        var fit = new LogisticRegression(x, GoldenEntry.Numbers(e["first_chosen"]));
        var errors = fit.ClusterErrors(GoldenEntry.Integers(e["annotator"]));
        return new Values
        {
            ["coefficients"] = fit.Coefficients,
            ["se"] = fit.Errors,
            ["se_cluster"] = errors,
            ["p_cluster"] = fit.Coefficients.Zip(errors, (b, s) => Distribution.NormalTwoSided(b / s)),
            ["log_likelihood"] = fit.LogLikelihood,
        };
    }

    private static Values Linear(GoldenEntry e)
    {
        var fit = LinearRegression.Of(GoldenEntry.Rows(e["x"]), GoldenEntry.Numbers(e["y"]));
        return new Values
        {
            ["coefficients"] = fit.Coefficients,
            ["r2"] = fit.R2,
            ["adjusted_r2"] = fit.AdjustedR2,
            ["se"] = fit.Errors,
            ["p"] = fit.P,
            ["sigma2"] = fit.Variance,
            ["se_hc0"] = fit.RobustErrors(0),
            ["se_hc1"] = fit.RobustErrors(1),
            ["se_hc2"] = fit.RobustErrors(2),
            ["se_hc3"] = fit.RobustErrors(3),
            ["se_cluster_corrected"] = fit.ClusterErrors(GoldenEntry.Integers(e["cluster"])),
        };
    }

    private static Values Rising(GoldenEntry e)
    {
        var (x, y, weights) = (GoldenEntry.Numbers(e["x"]), GoldenEntry.Numbers(e["y"]), GoldenEntry.Numbers(e["weights"]));
        var (tied, query) = (GoldenEntry.Numbers(e["x_with_ties"]), GoldenEntry.Numbers(e["query"]));
        var (fitted, starts) = Isotonic.Pool(y, weights);
        var (plain, merged) = (Isotonic.Fit(x, y, weights), Isotonic.Fit(tied, y, weights));
        return new Values
        {
            ["pava_in_given_order"] = fitted,
            ["block_starts"] = starts.Append(y.Length),
            ["sse_weighted"] = y.Select((v, i) => weights[i] * (v - fitted[i]) * (v - fitted[i])).Sum(),
            ["sklearn_predict_query"] = query.Select(plain),
            ["sklearn_fit_with_ties"] = tied.Select(merged),
            ["sklearn_query_with_ties"] = query.Select(merged),
        };
    }

    private static Values Curve(GoldenEntry e)
    {
        var fit = PowerLaw.Fit(
            GoldenEntry.Numbers(e["n"]),
            GoldenEntry.Numbers(e["y"]),
            e.Has("sigma") ? GoldenEntry.Numbers(e["sigma"]) : null
        );
        var at = GoldenEntry.Numbers(e.Expected.GetProperty("extrapolation").GetProperty("n"));
        return new Values
        {
            ["a"] = fit.A,
            ["b"] = fit.B,
            ["c"] = fit.C,
            ["sse_weighted"] = fit.Squares,
            ["covariance"] = fit.Covariance.ToRowArrays(),
            ["se"] = Newton.Roots(fit.Covariance),
            ["residual_variance"] = fit.ResidualVariance,
            ["r2"] = fit.R2,
            ["extrapolation"] = new Values
            {
                ["n"] = at,
                ["prediction"] = at.Select(n => fit.At(n).Value),
                ["se"] = at.Select(n => fit.At(n).Error),
                ["ci95"] = at.Select(n => new[] { fit.At(n).Low, fit.At(n).High }),
            },
            ["covariance_full_hessian"] = fit.FullCovariance.ToRowArrays(),
        };
    }
}
