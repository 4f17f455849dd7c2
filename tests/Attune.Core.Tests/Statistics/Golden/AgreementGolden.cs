using System.Text.Json;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Agreement;
using Attune.Core.Statistics.Comparisons;
using Attune.Core.Statistics.Hypotheses;
using Attune.Core.Statistics.Regression;
using Values = System.Collections.Generic.Dictionary<string, object?>;

namespace Attune.Core.Tests.Statistics.Golden;

/// <summary>Section 3, calibration, and the real data.</summary>
internal static class AgreementGolden
{
    public static IReadOnlyList<string>? Differences(GoldenEntry e) =>
        e.Kind switch
        {
            "cohen_kappa" => e.Differences(Cohen(e)),
            "scott_pi_gwet_ac1_two_raters" => e.Differences(TwoRaters(e)),
            "fleiss_kappa" or "fleiss_kappa_published" => e.Differences(Fleiss(e)),
            "fleiss_unequal_raters" => e.Differences(Unequal(e)),
            "gwet_ac2" => e.Differences(Weighted(e)),
            "krippendorff_alpha" or "krippendorff_alpha_published" => e.Differences(Krippendorff(e)),
            "kendall_w" => e.Differences(Rankings(e)),
            "icc" or "icc_published" => e.Differences(Intraclass(e)),
            "bootstrap_alpha" => e.Differences(Resampled(e)),
            "dawid_skene" => e.Differences(Workers(e), "iterations_until_posterior_change_below_1e15"),
            "mace" => e.Differences(Trust(e)),
            "glad" => e.Differences(Difficulty(e), "objective_note"),
            "calibration" => e.Differences(Calibrated(e)),
            "platt_temperature_binary" => e.Differences(Platt(e)),
            "temperature_multiclass" => e.Differences(Temperature(e)),
            "auc_delong" => e.Differences(Areas(e)),
            // The Wilcoxon test and medians are of other programs only.
            "length_bias_hh_harmless" => e.Differences(Lengths(e), "wilcoxon_signed_rank_p_asymptotic"),
            "transitivity_qa_feedback" => e.Differences(Circles(e)),
            _ => null,
        };

    private static Values Cohen(GoldenEntry e)
    {
        Values Of(KappaWeights weights)
        {
            var table = new CohenTable(GoldenEntry.Matrix(e["table_row_rater1_column_rater2"]), weights);
            var z = table.Kappa / table.NullError;
            var half = Distribution.Normal975 * table.Error;
            return new Values
            {
                ["kappa"] = table.Kappa,
                ["se"] = table.Error,
                ["se_null"] = table.NullError,
                ["ci95"] = new[] { table.Kappa - half, table.Kappa + half },
                ["z_null"] = z,
                ["p_two_sided_null"] = Distribution.NormalTwoSided(z),
            };
        }

        return new Values
        {
            ["plain"] = Of(KappaWeights.None),
            ["linear"] = Of(KappaWeights.Linear),
            ["quadratic"] = Of(KappaWeights.Quadratic),
        };
    }

    private static double[] Ends(AgreementFigure figure) => [figure.Interval.Low, figure.Interval.High];

    private static Values TwoRaters(GoldenEntry e)
    {
        var table = GoldenEntry.Rows(e["table_row_rater1_column_rater2"]);
        var units = table.SelectMany(
            (row, i) =>
                row.SelectMany(
                    (count, j) =>
                        Enumerable.Repeat(0, (int)count).Select(_ => row.Select((_, k) => (i == k ? 1.0 : 0) + (j == k ? 1 : 0)).ToArray())
                )
        );
        var found = new ChanceCorrected(units);
        return new Values
        {
            ["percent_agreement"] = found.Observed,
            ["scott_pi"] = found.Fleiss.Value,
            ["scott_pe"] = found.Fleiss.Expected,
            ["scott_se_irrcac"] = found.Fleiss.Error,
            ["gwet_ac1"] = found.Gwet.Value,
            ["gwet_pe"] = found.Gwet.Expected,
            ["gwet_se"] = found.Gwet.Error,
            ["gwet_ci95"] = Ends(found.Gwet),
            ["brennan_prediger"] = found.BrennanPrediger.Value,
            ["bp_se"] = found.BrennanPrediger.Error,
        };
    }

    private static Values Fleiss(GoldenEntry e)
    {
        var counts = GoldenEntry.Rows(e["counts_unit_by_category"]);
        var found = new ChanceCorrected(counts);
        var (m, n) = (counts[0].Sum(), (double)counts.Length);
        var shares = found.Shares;
        // Fleiss 1971, and of each category.
        var spread = shares.Sum(p => p * (1 - p));
        var error = Math.Sqrt(2 / (n * m * (m - 1)) * ((spread * spread) - shares.Sum(p => p * (1 - p) * (1 - (2 * p))))) / spread;
        var z = found.Fleiss.Value / error;
        return new Values
        {
            ["kappa"] = found.Fleiss.Value,
            ["se_null"] = error,
            ["z"] = z,
            ["p_two_sided"] = Distribution.NormalTwoSided(z),
            ["kappa_by_category"] = shares.Select((p, k) => 1 - (counts.Sum(c => c[k] * (m - c[k])) / (n * m * (m - 1) * p * (1 - p)))),
            ["randolph_free_marginal"] = found.BrennanPrediger.Value,
            ["se_irrcac"] = found.Fleiss.Error,
            ["ci95_irrcac"] = Ends(found.Fleiss),
        };
    }

    private static double[][] Counts(JsonElement ratings, out double[] values)
    {
        var rows = GoldenEntry.Rows(ratings).Select(r => r.Where(v => !double.IsNaN(v)).ToArray()).ToArray();
        double[] kinds = [.. rows.SelectMany(r => r).Distinct().Order()];
        values = kinds;
        return [.. rows.Select(r => kinds.Select(k => (double)r.Count(v => v == k)).ToArray())];
    }

    private static Values Unequal(GoldenEntry e)
    {
        var found = new ChanceCorrected(Counts(e["ratings_unit_by_rater"], out _));
        return new Values
        {
            ["kappa_irrcac"] = found.Fleiss.Value,
            ["se_irrcac"] = found.Fleiss.Error,
            ["observed"] = found.Observed,
            ["category_share_unit_mean"] = found.Shares,
            ["category_share_pooled"] = found.PooledShares,
            ["kappa_pooled_shares"] = found.FleissPooled,
            ["gwet_ac1"] = found.Gwet.Value,
            ["gwet_se"] = found.Gwet.Error,
            ["krippendorff_nominal_irrcac"] = found.Krippendorff.Value,
            ["krippendorff_nominal_se_irrcac"] = found.Krippendorff.Error,
        };
    }

    private static Values Weighted(GoldenEntry e)
    {
        var counts = Counts(e["ratings_unit_by_rater"], out var values);
        Values Of(double[,] weights)
        {
            var found = new ChanceCorrected(counts, weights);
            return new Values
            {
                ["weights"] = values.Select((_, i) => values.Select((_, j) => weights[i, j])),
                ["gwet_ac2"] = found.Gwet.Value,
                ["se"] = found.Gwet.Error,
                ["ci95"] = Ends(found.Gwet),
                ["pa"] = found.Observed,
                ["pe"] = found.Gwet.Expected,
                ["fleiss_weighted"] = found.Fleiss.Value,
                ["fleiss_se"] = found.Fleiss.Error,
            };
        }

        return new Values
        {
            ["linear"] = Of(ChanceCorrected.Linear(values)),
            ["quadratic"] = Of(ChanceCorrected.Quadratic(values)),
            ["ordinal"] = Of(ChanceCorrected.Ordinal(values.Length)),
        };
    }

    private static Values Krippendorff(GoldenEntry e)
    {
        var byRater = e.Has("ratings_rater_by_unit");
        var rows = GoldenEntry.Rows(e[byRater ? "ratings_rater_by_unit" : "ratings_unit_by_rater"]);
        double[][] units = byRater ? [.. rows[0].Select((_, u) => rows.Select(r => r[u]).ToArray())] : rows;
        units = [.. units.Select(u => u.Where(v => !double.IsNaN(v)).ToArray())];
        object Of(MeasurementLevel level)
        {
            var (alpha, observed, expected) = Alpha.Parts(units, level);
            return byRater
                ? alpha
                : new Values
                {
                    ["alpha"] = alpha,
                    ["Do"] = observed,
                    ["De"] = expected,
                };
        }

        double[] kinds = [.. units.Where(u => u.Length >= 2).SelectMany(u => u).Distinct().Order()];
        var counts = units.Where(u => u.Length >= 2).Select(u => kinds.Select(k => (double)u.Count(v => v == k)).ToArray());
        return new Values
        {
            ["nominal"] = Of(MeasurementLevel.Nominal),
            ["ordinal"] = Of(MeasurementLevel.Ordinal),
            ["interval"] = Of(MeasurementLevel.Interval),
            ["ratio"] = Of(MeasurementLevel.Ratio),
            ["gwet_ordinal_weights_alpha_irrcac_other_convention"] = new ChanceCorrected(counts, ChanceCorrected.Ordinal(kinds.Length))
                .Krippendorff
                .Value,
        };
    }

    private static Values Rankings(GoldenEntry e)
    {
        var found = RankingAgreement.Of(GoldenEntry.Rows(e["scores_rater_by_item"]));
        return new Values
        {
            ["w"] = found.W,
            ["w_without_tie_correction"] = found.Plain,
            ["chi_square"] = found.ChiSquare,
            ["df"] = found.Items - 1,
            ["p"] = found.P,
            ["F"] = found.F,
            ["F_df"] = new[] { found.Above, found.Below },
            ["p_F"] = found.FP,
            ["mean_spearman"] = found.MeanSpearman,
        };
    }

    private static Values Intraclass(GoldenEntry e)
    {
        var found = new IntraclassCorrelation(GoldenEntry.Rows(e["scores_target_by_rater"]));
        // The file's intervals are rounded to two decimals.
        object Of(IccFigure f) =>
            e.Kind == "icc_published"
                ? f.Value
                : new Values
                {
                    ["icc"] = f.Value,
                    ["F"] = f.F,
                    ["df1"] = f.Above,
                    ["df2"] = f.Below,
                    ["p"] = f.P,
                    ["ci95"] = new[] { Math.Round(f.Low, 2), Math.Round(f.High, 2) },
                };
        return new Values
        {
            ["msb"] = found.BetweenTargets,
            ["msw"] = found.WithinTargets,
            ["msj"] = found.BetweenRaters,
            ["mse"] = found.Residual,
            ["icc"] = new Values
            {
                ["ICC1"] = Of(found.One),
                ["ICC2"] = Of(found.Two),
                ["ICC3"] = Of(found.Three),
                ["ICC1k"] = Of(found.OneMean),
                ["ICC2k"] = Of(found.TwoMean),
                ["ICC3k"] = Of(found.ThreeMean),
            },
        };
    }

    private static Values Resampled(GoldenEntry e)
    {
        var units = GoldenEntry.Rows(e["ratings_unit_by_rater"]).Select(u => u.Where(v => !double.IsNaN(v)).ToArray()).ToArray();
        double Figure(IEnumerable<double[]> of) => Alpha.Of([.. of], MeasurementLevel.Interval);
        var alpha = Figure(units);
        double[] draws =
        [
            .. e["resample_unit_indices"].EnumerateArray().Select(r => Figure(GoldenEntry.Integers(r).Select(i => units[i]))),
        ];
        double[] sorted = [.. draws.Order()];
        double[] jackknife = [.. units.Select((_, left) => Figure(units.Where((_, i) => i != left)))];
        var (low, high) = (Quantile.Of(sorted, 0.025), Quantile.Of(sorted, 0.975));
        var accelerated = Bootstrap.Accelerated(alpha, draws, jackknife);
        return new Values
        {
            ["alpha"] = alpha,
            ["replicates"] = draws,
            ["percentile_95_linear"] = new[] { low, high },
            ["bootstrap_se_ddof1"] = Math.Sqrt(MeanTest.Variance(draws)),
            ["basic_95"] = new[] { (2 * alpha) - high, (2 * alpha) - low },
            ["jackknife"] = jackknife,
            ["bca_z0"] = accelerated.Bias,
            ["bca_acceleration"] = accelerated.Acceleration,
            ["bca_levels"] = new[] { accelerated.LowLevel, accelerated.HighLevel },
            ["bca_95_linear"] = new[] { accelerated.Low, accelerated.High },
        };
    }

    private static TaskLabel[] TaskLabels(GoldenEntry e) =>
        [.. GoldenEntry.Rows(e["task_worker_label"]).Select(r => new TaskLabel((int)r[0], (int)r[1], (int)r[2]))];

    private static Values Trust(GoldenEntry e)
    {
        var steps = Mace.Steps(
                TaskLabels(e),
                e["tasks"].GetInt32(),
                GoldenEntry.Rows(e["start_spamming"]),
                GoldenEntry.Rows(e["start_thetas"]),
                e.Text("method") == "em" ? MaceMethod.Em : MaceMethod.VariationalBayes,
                (int)e.Option("iterations", 50)
            )
            .ToArray();
        return new Values
        {
            ["posterior"] = steps[^1].Posterior,
            ["spamming"] = steps[^1].Spamming,
            ["thetas"] = steps[^1].Strategies,
            ["log_likelihood_after_0_to_50"] = steps.Select(s => s.LogLikelihood),
            ["labels"] = steps[^1].Labels,
        };
    }

    private static Values Difficulty(GoldenEntry e)
    {
        var found = Glad.Fit(TaskLabels(e), e["tasks"].GetInt32(), e["workers"].GetInt32(), e["labels"].GetInt32());
        return new Values
        {
            ["alpha"] = found.Ability,
            ["beta"] = found.Ease,
            ["posterior"] = found.Posterior,
            ["objective"] = found.Objective,
        };
    }

    private static Values Workers(GoldenEntry e)
    {
        var labels = TaskLabels(e);
        var steps = DawidSkene.Steps(labels, e["tasks"].GetInt32(), e["workers"].GetInt32(), e["labels"].GetInt32()).ToArray();
        Values Of(DawidSkene s) =>
            new()
            {
                ["posterior"] = s.Posterior,
                ["prior"] = s.Prior,
                ["confusion"] = s.Confusion,
                ["log_likelihood"] = s.LogLikelihood,
            };
        return new Values
        {
            ["after_10"] = Of(steps[10]),
            ["log_likelihood_after_0_to_10"] = steps.Take(11).Select(s => s.LogLikelihood),
            ["converged"] = Of(steps[^1]),
            ["labels"] = steps[^1].Labels,
        };
    }

    private static Values Calibrated(GoldenEntry e)
    {
        var (p, y) = (GoldenEntry.Numbers(e["probability"]), GoldenEntry.Numbers(e["outcome"]));
        var (width, mass, mean) = (Calibration.ByWidth(p, y), Calibration.ByCount(p, y), y.Average());
        double n = p.Length;
        var bins = p.Zip(y).GroupBy(z => Math.Min(9, (int)Math.Floor(z.First * 10))).ToArray();
        double Within(Func<double, double, double, double, double> of) =>
            bins.Sum(b => b.Sum(z => of(z.First, b.Average(v => v.First), z.Second, b.Average(v => v.Second)))) / n;
        Values Means(CalibrationBin[] of) => new() { ["mean_p"] = of.Select(b => b.Predicted), ["mean_y"] = of.Select(b => b.Observed) };
        return new Values
        {
            ["brier"] = p.Zip(y, (a, b) => (a - b) * (a - b)).Average(),
            ["reliability"] = width.Sum(b => b.Count * Math.Pow(b.Predicted - b.Observed, 2)) / n,
            ["resolution"] = width.Sum(b => b.Count * Math.Pow(b.Observed - mean, 2)) / n,
            ["uncertainty"] = mean * (1 - mean),
            ["within_bin_variance"] = Within((a, ma, _, _) => (a - ma) * (a - ma)),
            ["within_bin_covariance_doubled"] = 2 * Within((a, ma, b, mb) => (a - ma) * (b - mb)),
            ["width_bins_count_meanp_meany"] = width.Select(b => new[] { b.Count, b.Predicted, b.Observed }),
            ["ece_width"] = Calibration.ExpectedError(width),
            ["mce_width"] = Calibration.LargestError(width),
            ["mass_bins_count_meanp_meany"] = mass.Select(b => new[] { b.Count, b.Predicted, b.Observed }),
            ["ece_mass"] = Calibration.ExpectedError(mass),
            ["mce_mass"] = Calibration.LargestError(mass),
            ["log_loss"] = -p.Zip(y, (a, b) => b == 1 ? Math.Log(a) : Math.Log(1 - a)).Average(),
            ["sklearn_uniform10"] = Means(width),
            ["sklearn_quantile5"] = Means(Calibration.ByQuantile(p, y, 5)),
        };
    }

    private static Values Platt(GoldenEntry e)
    {
        var (logits, y) = (GoldenEntry.Numbers(e["logit"]), GoldenEntry.Numbers(e["outcome"]));
        var (platt, temperature) = (Recalibration.Platt(logits, y), Recalibration.Temperature(logits, y));
        var plain = new LogisticRegression([.. logits.Select(l => new[] { 1, l })], y);
        double Loss(double at) => -logits.Zip(y, (l, o) => PairLink.Logistic.Log((o == 1 ? l : -l) / at).Value).Average();
        var z = Recalibration.SpiegelhalterZ([.. logits.Select(PairLink.Logistic.Probability)], y);
        return new Values
        {
            ["platt_A"] = platt.A,
            ["platt_B"] = platt.B,
            ["platt_objective"] = platt.Loss,
            ["recalibration_intercept"] = plain.Coefficients[0],
            ["recalibration_slope"] = plain.Coefficients[1],
            ["recalibration_se"] = plain.Errors,
            ["calibration_in_the_large"] = Recalibration.InTheLarge(logits, y),
            ["temperature"] = temperature,
            ["temperature_nll_mean"] = Loss(temperature),
            ["nll_mean_before"] = Loss(1),
            ["spiegelhalter_z"] = z,
            ["spiegelhalter_p"] = Distribution.NormalTwoSided(z),
        };
    }

    private static Values Temperature(GoldenEntry e)
    {
        var (logits, labels) = (GoldenEntry.Rows(e["logits"]), GoldenEntry.Integers(e["label"]));
        var temperature = Recalibration.Temperature(logits, labels);
        double[][] Probabilities(double at) =>
            [.. logits.Select(row => row.Select(z => Math.Exp(z / at) / row.Sum(v => Math.Exp(v / at))).ToArray())];
        double Loss(double at) => -Probabilities(at).Zip(labels, (p, k) => Math.Log(p[k])).Average();
        var plain = Probabilities(1);
        double[] right = [.. plain.Zip(labels, (p, k) => Array.IndexOf(p, p.Max()) == k ? 1.0 : 0)];
        return new Values
        {
            ["temperature"] = temperature,
            ["nll_mean"] = Loss(temperature),
            ["nll_mean_before"] = Loss(1),
            ["multiclass_brier_sum"] = plain.Zip(labels, (p, k) => p.Select((v, i) => Math.Pow(v - (i == k ? 1 : 0), 2)).Sum()).Average(),
            ["top_label_ece_10"] = Calibration.ExpectedError(Calibration.ByWidth([.. plain.Select(p => p.Max())], right)),
            ["accuracy"] = right.Average(),
        };
    }

    private static Values Areas(GoldenEntry e)
    {
        var y = GoldenEntry.Integers(e["outcome"]);
        var (one, two) = (new RocCurve(GoldenEntry.Numbers(e["score1"]), y), new RocCurve(GoldenEntry.Numbers(e["score2"]), y));
        double ones = y.Sum(),
            zeros = y.Length - y.Sum(),
            n = y.Length;
        var ties = GoldenEntry.Numbers(e["score1"]).GroupBy(s => s).Sum(g => Math.Pow(g.Count(), 3) - g.Count());
        var deviation = Math.Sqrt(ones * zeros / 12 * (n + 1 - (ties / (n * (n - 1)))));
        return new Values
        {
            ["auc1"] = one.Area,
            ["auc2"] = two.Area,
            ["var1"] = one.Variance,
            ["var2"] = two.Variance,
            ["cov"] = one.Covariance(two),
            ["ci95_1"] = new[] { one.Interval.Low, one.Interval.High },
            ["ci95_1_logit"] = new[] { one.LogitInterval.Low, one.LogitInterval.High },
            ["z"] = one.Z(two),
            ["p"] = Distribution.NormalTwoSided(one.Z(two)),
            ["mann_whitney_u"] = one.MannWhitneyU,
            ["mann_whitney_p_asymptotic_continuity"] = Distribution.NormalTwoSided(
                (Math.Abs(one.MannWhitneyU - (ones * zeros / 2)) - 0.5) / deviation
            ),
        };
    }

    private static Values Lengths(GoldenEntry e)
    {
        var rows = GoldenEntry.Rows(e["chosen_rejected_length"]);
        double[] differences = [.. rows.Select(r => r[0] - r[1])];
        var (longer, untied) = (differences.Count(d => d > 0), differences.Count(d => d != 0));
        var fit = new LogisticRegression([.. differences.Select(d => new[] { d / 100 })], [.. rows.Select(_ => 1.0)]);
        var interval = Proportion.Score(longer, untied);
        var ratio = 2 * (fit.LogLikelihood + (rows.Length * Math.Log(2)));
        return new Values
        {
            ["longer_chosen"] = longer,
            ["untied"] = untied,
            ["share"] = longer / (double)untied,
            ["wilson95"] = new[] { interval.Low, interval.High },
            ["sign_test_p"] = Proportion.SignTest(longer, untied),
            ["coefficient"] = fit.Coefficients[0],
            ["se"] = fit.Errors[0],
            ["se_robust_hc0"] = fit.RobustErrors(corrected: false)[0],
            ["log_likelihood"] = fit.LogLikelihood,
            ["lr_vs_zero"] = ratio,
            ["mean_difference"] = differences.Average(),
            ["median_difference"] = Quantile.Of([.. differences.Order()], 0.5),
        };
    }

    private static Values Circles(GoldenEntry e)
    {
        (int I, int J)[] pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)];
        var rows = e["preferences"].EnumerateArray().Select(GoldenEntry.Integers).ToArray();
        PairCounts Of(int[] codes)
        {
            var wins = new double[4, 4];
            foreach (var ((i, j), code) in pairs.Zip(codes))
            {
                wins[i, j] +=
                    code == 1 ? 1
                    : code == 0 ? 0.5
                    : 0;
                wins[j, i] +=
                    code == 2 ? 1
                    : code == 0 ? 0.5
                    : 0;
            }

            return new PairCounts(wins);
        }

        var counts = rows.Select(Of).ToArray();
        var triads = counts.Select(c => c.Triads()).ToArray();
        var (strict, circular) = (triads.Sum(t => t.Strict), triads.Sum(t => t.Circular));
        return new Values
        {
            ["totals"] = new Values
            {
                ["triads"] = triads.Sum(t => t.Complete),
                ["strict"] = strict,
                ["circular"] = circular,
                ["tie_pairs"] = rows.Sum(r => r.Count(c => c == 0)),
                ["pairs"] = rows.Sum(r => r.Length),
                ["weakly_inconsistent"] = counts.Sum(c => c.WeaklyInconsistentTriads),
            },
            ["circular_share_of_strict"] = circular / (double)strict,
            ["chance_share"] = 0.25,
            ["slater_total"] = counts.Sum(c => c.Slater().Cost),
            ["rows_with_circular"] = triads.Count(t => t.Circular > 0),
            ["first_position_wins"] = rows.Sum(r => r.Count(c => c == 1)),
            ["second_position_wins"] = rows.Sum(r => r.Count(c => c == 2)),
        };
    }
}
