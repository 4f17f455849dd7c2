using System.Globalization;
using System.Text.Json;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Comparisons;
using Values = System.Collections.Generic.Dictionary<string, object?>;

namespace Attune.Core.Tests.Statistics.Golden;

/// <summary>Sections 1 and 5: strengths and relatives, mixtures and influence.</summary>
internal static class StrengthGolden
{
    public static IReadOnlyList<string>? Differences(GoldenEntry e) =>
        e.Kind switch
        {
            "bt_mle" or "bt_mle_published" => e.Differences(MaximumLikelihood(e)),
            "bt_map" => e.Differences(Map(e)),
            "bt_other_regularisation" => e.Differences(OtherPriors(e)),
            "bt_disconnected" or "bt_undefeated" => e.Differences(Parts(e), "reason", "choix_maxdiff"),
            "bt_ties" => e.Differences(Ties(e)),
            "thurstone" => e.Differences(Thurstone(e)),
            "plackett_luce_rankings" or "plackett_luce_top1" => e.Differences(Luce(e)),
            "iia_choices_vs_pairs" => e.Differences(Independence(e)),
            "bt_position" => e.Differences(Position(e)),
            "bt_likelihood_ratio" => e.Differences(Ratio(e)),
            "bt_parametric_bootstrap" => e.Differences(Simulated(e)),
            "bt_mixture_em" => e.Differences(Mixture(e), "iterations"),
            "bt_influence" => e.Differences(Influences(e)),
            _ => null,
        };

    internal static Comparison[] Comparisons(JsonElement rows) =>
        [.. GoldenEntry.Rows(rows).Select(r => new Comparison((int)r[0], (int)r[1], r.Length > 2 ? r[2] : 1))];

    private static double[] ErrorsAgainstFirst(StrengthFit fit) => [0, .. Newton.Roots(fit.CovarianceAgainstFirst)];

    private static double[] AgainstFirst(double[] theta) => [.. theta.Select(t => t - theta[0])];

    private static Values MaximumLikelihood(GoldenEntry e)
    {
        var comparisons = Comparisons(e["comparisons"]);
        var fit = BradleyTerry.Fit(e.Items, comparisons);
        var tests = FitTests.Of(e.Items, comparisons);
        return new Values
        {
            ["theta_sum0"] = fit.Strengths,
            ["theta_ref0"] = AgainstFirst(fit.Strengths),
            ["log_likelihood"] = fit.LogLikelihood,
            ["se_sum0"] = fit.StandardErrors,
            ["cov_sum0"] = fit.Covariance.ToRowArrays(),
            ["se_ref0"] = ErrorsAgainstFirst(fit),
            ["cov_ref0"] = fit.CovarianceAgainstFirst.ToRowArrays(),
            ["se_difference_0_1"] = fit.DifferenceError(0, 1),
            ["win_probability"] = fit.Strengths.Select(a => fit.Strengths.Select(b => PairLink.Logistic.Probability(a - b)).ToArray()),
            ["residual_deviance"] = tests.RatioGeneral,
            ["residual_df"] = tests.FreedomGeneral,
            ["p"] = tests.PGeneral,
        };
    }

    private static Values Map(GoldenEntry e)
    {
        var fit = BradleyTerry.Fit(e.Items, Comparisons(e["comparisons"]), e.Option("alpha"));
        return new Values
        {
            ["theta"] = fit.Strengths,
            ["log_likelihood"] = fit.LogLikelihood,
            ["penalised_objective"] = fit.PenalisedLoss,
            ["cov"] = fit.Covariance.ToRowArrays(),
            ["se"] = fit.StandardErrors,
            ["se_sandwich_fixed_penalty"] = fit.SandwichErrors,
            ["effective_parameters"] = fit.EffectiveParameters,
        };
    }

    private static Values OtherPriors(GoldenEntry e)
    {
        var (comparisons, alpha) = (Comparisons(e["comparisons"]), e.Option("alpha"));
        return new Values
        {
            ["ilsr_theta"] = BradleyTerry.GammaPrior(e.Items, comparisons, alpha * e.Items),
            ["mm_theta"] = BradleyTerry.GammaPrior(e.Items, comparisons, alpha),
        };
    }

    private static Values Parts(GoldenEntry e)
    {
        var comparisons = Comparisons(e["comparisons"]);
        var graph = new ComparisonGraph(e.Items, comparisons);
        var parts = BradleyTerry.FitParts(e.Items, comparisons);
        Values[] fits =
        [
            .. parts.Select(p => new Values
            {
                ["items"] = p.Items,
                ["theta_sum0"] = p.Fit.Strengths,
                ["log_likelihood"] = p.Fit.LogLikelihood,
                ["se_sum0"] = p.Fit.StandardErrors,
            }),
        ];
        var map = BradleyTerry.Fit(e.Items, comparisons, e.Option("alpha_map", 1));
        var information = BradleyTerry.Evaluate(comparisons, new double[e.Items], PairLink.Logistic).Hessian;
        return new Values
        {
            ["mle_exists"] = graph.HasFiniteMaximum,
            ["undefeated"] = graph.Undefeated,
            ["winless"] = graph.Winless,
            ["connected_components"] = graph.Components,
            ["strong_components"] = graph.StrongComponents,
            ["per_component"] = fits,
            ["limit_fit"] = fits,
            ["log_likelihood_supremum"] = parts.Sum(p => p.Fit.LogLikelihood),
            ["log_likelihood_sum"] = parts.Sum(p => p.Fit.LogLikelihood),
            ["rank_deficiency_of_hessian"] = e.Items - information.Rank(),
            ["map_theta"] = map.Strengths,
            ["map_se"] = map.StandardErrors,
            ["map_by_alpha"] = !e.Expected.TryGetProperty("map_by_alpha", out var alphas)
                ? null
                : alphas
                    .EnumerateObject()
                    .ToDictionary(
                        a => a.Name,
                        a =>
                        {
                            var fit = BradleyTerry.Fit(e.Items, comparisons, double.Parse(a.Name, CultureInfo.InvariantCulture));
                            return new Values
                            {
                                ["theta"] = fit.Strengths,
                                ["se"] = fit.StandardErrors,
                                ["log_likelihood"] = fit.LogLikelihood,
                            };
                        }
                    ),
        };
    }

    private static Values Ties(GoldenEntry e)
    {
        var (wins, ties) = (Comparisons(e["wins"]), Comparisons(e["ties"]));
        var (davidson, raoKupper) = (TiedComparisons.Davidson(e.Items, wins, ties), TiedComparisons.RaoKupper(e.Items, wins, ties));
        return new Values
        {
            ["davidson"] = new Values
            {
                ["theta_sum0"] = davidson.Strengths,
                ["log_nu"] = davidson.Tie,
                ["nu"] = Math.Exp(davidson.Tie),
                ["log_likelihood"] = davidson.LogLikelihood,
                ["se_theta_sum0"] = davidson.StrengthErrors,
                ["se_log_nu"] = davidson.TieError,
            },
            ["rao_kupper"] = new Values
            {
                ["theta_sum0"] = raoKupper.Strengths,
                ["eta"] = Math.Exp(raoKupper.Tie),
                ["threshold_theta"] = Math.Exp(Math.Exp(raoKupper.Tie)),
                ["log_likelihood"] = raoKupper.LogLikelihood,
                ["se_theta_sum0"] = raoKupper.StrengthErrors,
                ["se_eta"] = Math.Exp(raoKupper.Tie) * raoKupper.TieError,
            },
        };
    }

    private static Values Thurstone(GoldenEntry e)
    {
        var comparisons = Comparisons(e["comparisons"]);
        var fit = BradleyTerry.Fit(e.Items, comparisons, link: PairLink.Probit);
        var expected = fit with { Information = BradleyTerry.ExpectedInformation(comparisons, fit.Strengths, PairLink.Probit) };
        var logistic = BradleyTerry.Fit(e.Items, comparisons);
        return new Values
        {
            ["theta_sum0"] = fit.Strengths,
            ["theta_case_v_unit_variances"] = fit.Strengths.Select(t => t * Math.Sqrt(2)),
            ["log_likelihood"] = fit.LogLikelihood,
            ["se_observed_information_sum0"] = fit.StandardErrors,
            ["se_observed_ref0"] = ErrorsAgainstFirst(fit),
            ["se_expected_information_sum0"] = expected.StandardErrors,
            ["se_expected_ref0"] = ErrorsAgainstFirst(expected),
            ["bt_log_likelihood_same_data"] = logistic.LogLikelihood,
            ["vuong_like_difference"] = fit.LogLikelihood - logistic.LogLikelihood,
        };
    }

    private static Choice[] TopChoices(JsonElement rows) =>
        [.. rows.EnumerateArray().Select(r => Rankings.Top(r[0].GetInt32(), GoldenEntry.Integers(r[1])))];

    private static Values Luce(GoldenEntry e)
    {
        Choice[] choices = e.Has("rankings_best_first")
            ? [.. e["rankings_best_first"].EnumerateArray().SelectMany(r => Rankings.Of(GoldenEntry.Integers(r)))]
            : TopChoices(e["choices_winner_losers"]);
        var (fit, map) = (Rankings.Fit(e.Items, choices), Rankings.Fit(e.Items, choices, e.Option("map_alpha", 1)));
        return new Values
        {
            ["theta_sum0"] = fit.Strengths,
            ["log_likelihood"] = fit.LogLikelihood,
            ["se_sum0"] = fit.StandardErrors,
            ["map_theta"] = map.Strengths,
            ["map_se"] = map.StandardErrors,
        };
    }

    private static Values Independence(GoldenEntry e)
    {
        Choice[] pairs = [.. Comparisons(e["pair_wins"]).Select(c => Rankings.Top(c.Winner, [c.Loser], c.Weight))];
        var choices = TopChoices(e["choices_winner_losers"]);
        var (one, two, both) = (
            Rankings.Fit(e.Items, pairs),
            Rankings.Fit(e.Items, choices),
            Rankings.Fit(e.Items, [.. pairs, .. choices])
        );
        var ratio = 2 * (one.LogLikelihood + two.LogLikelihood - both.LogLikelihood);
        return new Values
        {
            ["theta_joint"] = both.Strengths,
            ["theta_pairs"] = one.Strengths,
            ["theta_choices"] = two.Strengths,
            ["log_likelihood_joint"] = both.LogLikelihood,
            ["log_likelihood_pairs"] = one.LogLikelihood,
            ["log_likelihood_choices"] = two.LogLikelihood,
            ["lr"] = ratio,
            ["df"] = e.Items - 1,
            ["p"] = Distribution.ChiSquareAbove(ratio, e.Items - 1),
        };
    }

    private static Values Position(GoldenEntry e)
    {
        var fit = PositionEffect.Of(
            e.Items,
            [.. GoldenEntry.Rows(e["rows_first_second_firstwins_secondwins"]).Select(r => ((int)r[0], (int)r[1], r[2], r[3]))]
        );
        return new Values
        {
            ["theta_sum0"] = fit.Strengths,
            ["delta"] = fit.Delta,
            ["log_likelihood"] = fit.LogLikelihood,
            ["se_theta_sum0"] = fit.StrengthErrors,
            ["se_delta"] = fit.DeltaError,
            ["wald_z"] = fit.Z,
            ["wald_p"] = fit.WaldP,
            ["log_likelihood_without"] = fit.LogLikelihoodWithout,
            ["lr"] = fit.Ratio,
            ["lr_df"] = 1,
            ["lr_p"] = fit.RatioP,
            ["ci95_wald"] = new[] { fit.Interval.Low, fit.Interval.High },
        };
    }

    private static Values Ratio(GoldenEntry e)
    {
        var comparisons = Comparisons(e["comparisons"]);
        var found = FitTests.Of(e.Items, comparisons);
        int[] parameters = [0, found.FreedomNull, found.FreedomNull + found.FreedomGeneral];
        Values Criteria(Func<double, int, double> criterion) =>
            new()
            {
                ["null"] = criterion(found.Null, parameters[0]),
                ["bt"] = criterion(found.Model, parameters[1]),
                ["general"] = criterion(found.General, parameters[2]),
            };
        return new Values
        {
            ["log_likelihood_null"] = found.Null,
            ["log_likelihood_bt"] = found.Model,
            ["log_likelihood_thurstone"] = BradleyTerry.Fit(e.Items, comparisons, link: PairLink.Probit).LogLikelihood,
            ["log_likelihood_general"] = found.General,
            ["lr_bt_vs_null"] = found.RatioNull,
            ["df_bt_vs_null"] = found.FreedomNull,
            ["p_bt_vs_null"] = found.PNull,
            ["lr_general_vs_bt"] = found.RatioGeneral,
            ["pearson_x2"] = found.PearsonX2,
            ["df_general_vs_bt"] = found.FreedomGeneral,
            ["p_lr"] = found.PGeneral,
            ["p_pearson"] = found.PPearson,
            ["pearson_residuals"] = found.Residuals.Select(r => r.Value),
            ["pairs"] = found.Residuals.Select(r => new[] { r.First, r.Second }),
            ["aic"] = Criteria(FitTests.Aic),
            ["bic_n_total_comparisons"] = Criteria((l, k) => FitTests.Bic(l, k, found.Comparisons)),
        };
    }

    private static Values Simulated(GoldenEntry e)
    {
        var pairs = e["pairs"].EnumerateArray().Select(GoldenEntry.Integers).ToArray();
        var each = e["per_pair"].GetDouble();
        (double[] Theta, FitTests Tests, double Circular) Of(double[] firstWins)
        {
            var comparisons = pairs
                .Zip(firstWins, (p, w) => new Comparison[] { new(p[0], p[1], w), new(p[1], p[0], each - w) })
                .SelectMany(c => c)
                .Where(c => c.Weight > 0)
                .ToArray();
            var wins = Comparison.Wins(e.Items, comparisons);
            var theta = BradleyTerry.Fit(e.Items, comparisons).Strengths;
            return (theta, FitTests.Of(wins, theta), new PairCounts(wins).Triads().TiesBroken);
        }

        var observed = Of(GoldenEntry.Numbers(e["first_wins"]));
        var draws = GoldenEntry.Rows(e["replicate_first_wins"]).Select(Of).ToArray();
        double[] g2 = [.. draws.Select(d => d.Tests.RatioGeneral)];
        double[] circular = [.. draws.Select(d => d.Circular)];
        return new Values
        {
            ["theta_sum0"] = observed.Theta,
            ["g2"] = observed.Tests.RatioGeneral,
            ["df"] = observed.Tests.FreedomGeneral,
            ["p_chi2"] = observed.Tests.PGeneral,
            ["circular_triads"] = observed.Circular,
            ["replicate_g2"] = g2,
            ["replicate_circular"] = circular,
            ["p_bootstrap_g2"] = FitTests.SimulatedP(observed.Tests.RatioGeneral, g2),
            ["p_bootstrap_circular"] = FitTests.SimulatedP(observed.Circular, circular),
        };
    }

    private static PersonComparison[] People(JsonElement rows) =>
        [.. GoldenEntry.Rows(rows).Select(r => new PersonComparison((int)r[0], (int)r[1], (int)r[2]))];

    private static Values Mixture(GoldenEntry e)
    {
        const double alpha = 0.1;
        var comparisons = People(e["annotator_winner_loser"]);
        var heldOut = People(e["heldout_annotator_winner_loser"]);
        var start = GoldenEntry.Rows(e["start_responsibilities"]);
        var steps = AnnotatorMixture.Steps(e.Items, comparisons, start, alpha).ToArray();
        double[][] together = [.. start.Select(_ => new[] { 1.0 })];
        var one = AnnotatorMixture.Steps(e.Items, comparisons, together, alpha).Last();
        var clusters = start[0].Length;
        Values Of(MixtureStep s) =>
            new()
            {
                ["share"] = s.Shares,
                ["pi"] = s.Shares,
                ["theta"] = s.Strengths,
                ["responsibilities"] = s.Responsibilities,
                ["log_likelihood"] = s.LogLikelihood,
                ["penalised"] = s.Penalised,
            };
        MixtureStep At(int step) => steps[Math.Min(step, steps.Length) - 1];
        return new Values
        {
            ["log_likelihood_and_penalised_after_each_of_20"] = Enumerable
                .Range(1, 20)
                .Select(s => new[] { At(s).LogLikelihood, At(s).Penalised }),
            ["after_1"] = Of(At(1)),
            ["after_20"] = Of(At(20)),
            ["converged"] = Of(steps[^1]),
            ["one_cluster"] = new Values { ["theta"] = one.Strengths[0], ["log_likelihood"] = one.LogLikelihood },
            ["bic_one"] = FitTests.Bic(one.LogLikelihood, e.Items - 1, comparisons.Length),
            ["bic_two"] = FitTests.Bic(steps[^1].LogLikelihood, (clusters * (e.Items - 1)) + clusters - 1, comparisons.Length),
            ["heldout_log_likelihood_two"] = AnnotatorMixture.HeldOut(steps[^1], heldOut),
            ["heldout_log_likelihood_one"] = AnnotatorMixture.HeldOut(one, heldOut),
        };
    }

    private static Values Influences(GoldenEntry e)
    {
        var comparisons = Comparisons(e["winner_loser"]);
        var annotators = GoldenEntry.Integers(e["annotator"]);
        var influence = new Influence(e.Items, comparisons, e.Option("alpha"));
        int[][] each = [.. comparisons.Select((_, i) => new[] { i })];
        double[][] first = [.. each.Select(influence.FirstOrder)],
            step = [.. each.Select(influence.NewtonStep)],
            exact = [.. each.Select(influence.Exact)];
        double Error(double[][] approximate) => approximate.Zip(exact, (a, b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max()).Max();
        return new Values
        {
            ["theta"] = influence.Fit.Strengths,
            ["hessian"] = influence.Fit.Penalised.ToRowArrays(),
            ["first_order"] = first,
            ["one_newton_step"] = step,
            ["exact"] = exact,
            ["per_annotator"] = annotators
                .Distinct()
                .Order()
                .Select(person =>
                {
                    int[] theirs = [.. annotators.Index().Where(a => a.Item == person).Select(a => a.Index)];
                    return new Values
                    {
                        ["annotator"] = person,
                        ["first_order"] = influence.FirstOrder(theirs),
                        ["one_newton_step"] = influence.NewtonStep(theirs),
                        ["exact"] = influence.Exact(theirs),
                    };
                }),
            ["max_error_first_order"] = Error(first),
            ["max_error_newton_step"] = Error(step),
            ["correlation_on_theta0_minus_theta1"] = Correlation.Pearson(
                [.. first.Select(f => f[0] - f[1])],
                [.. exact.Select(f => f[0] - f[1])]
            ),
        };
    }
}
