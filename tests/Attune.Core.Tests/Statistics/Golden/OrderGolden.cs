using Attune.Core.Statistics.Comparisons;
using Values = System.Collections.Generic.Dictionary<string, object?>;

namespace Attune.Core.Tests.Statistics.Golden;

/// <summary>Section 2 and the real preferences: circles, votes, flows.</summary>
internal static class OrderGolden
{
    public static IReadOnlyList<string>? Differences(GoldenEntry e) =>
        e.Kind switch
        {
            "circular_triads" => e.Differences(Circles(e)),
            "circular_triads_exact_distribution" => e.Differences(
                GoldenEntry
                    .Integers(e["n"])
                    .ToDictionary(n => $"{n}", n => TriadDistribution.Of(n).ToDictionary(c => $"{c.Key}", c => c.Value))
            ),
            "pairwise_counts" => e.Differences(Counts(e)),
            "rank_profile" or "plurality_elects_condorcet_loser" => e.Differences(Votes(e)),
            "hodge" => e.Differences(
                Flow(
                    Hodge.Of(
                        e.Items,
                        [
                            .. e["edges"]
                                .EnumerateArray()
                                .Select(GoldenEntry.Integers)
                                .Zip(
                                    GoldenEntry.Numbers(e["flow"]),
                                    e.Has("weights")
                                        ? GoldenEntry.Numbers(e["weights"])
                                        : Enumerable.Repeat(1.0, e["edges"].GetArrayLength())
                                )
                                .Select(z => new FlowEdge(z.First[0], z.First[1], z.Second, z.Third)),
                        ]
                    )
                )
            ),
            "hodge_from_counts" => e.Differences(
                new Values
                {
                    ["log_odds"] = Flow(Hodge.Of(e.Items, Hodge.LogOdds(GoldenEntry.Matrix(e["wins"])))),
                    ["mean"] = Flow(Hodge.Of(e.Items, Hodge.Mean(GoldenEntry.Matrix(e["wins"])))),
                }
            ),
            _ => null,
        };

    private static Values Circles(GoldenEntry e)
    {
        var beats = GoldenEntry.Matrix(e["wins_matrix_row_beats_column"]);
        var (found, slater) = (Tournament.Of(beats), new PairCounts(beats).Slater());
        return new Values
        {
            ["d"] = found.Circular,
            ["d_max"] = found.Most,
            ["zeta"] = found.Zeta,
            ["expected_d_chance"] = found.Expected,
            ["variance_d_chance"] = found.Variance,
            ["z"] = found.Z,
            ["chi_square"] = found.ChiSquare,
            ["df"] = found.Freedom,
            ["p_chi_square_upper"] = found.ChiSquareP,
            ["p_exact_d_at_most"] = found.AtMostP,
            ["p_exact_d_at_least"] = found.AtLeastP,
            ["slater_index"] = slater.Cost,
            ["slater_orders_best_first"] = Listed(e, "slater_orders_best_first", slater),
            ["slater_orders_count"] = slater.Count,
            ["scores"] = found.Scores,
            ["copeland_scores"] = found.Copeland,
        };
    }

    /// <summary>The file lists the first orders only where there are many.</summary>
    private static IEnumerable<int[]> Listed(GoldenEntry e, string name, BestOrders orders) =>
        orders.Orders.Take(e.Expected.TryGetProperty(name, out var listed) ? listed.GetArrayLength() : int.MaxValue);

    private static Values Counts(GoldenEntry e)
    {
        var counts = new PairCounts(GoldenEntry.Matrix(e["wins"]));
        var (triads, transitivity, kemeny, slater) = (counts.Triads(), counts.Transitivity(), counts.Kemeny(), counts.Slater());
        return new Values
        {
            ["triples_complete"] = triads.Complete,
            ["triples_strict"] = triads.Strict,
            ["circular_strict"] = triads.Circular,
            ["circular_ties_broken"] = triads.TiesBroken,
            ["expected_circular_given_p"] = triads.ExpectedAtShares,
            ["chance_circular"] = triads.Chance,
            ["stochastic"] = new Values
            {
                ["tested"] = transitivity.Tested,
                ["weak"] = transitivity.Weak,
                ["moderate"] = transitivity.Moderate,
                ["strong"] = transitivity.Strong,
            },
            ["weak_violations"] = transitivity.WeakViolations.Select(v => new[] { v.A, v.B, v.C }),
            ["kemeny_cost"] = kemeny.Cost,
            ["kemeny_orders"] = Listed(e, "kemeny_orders", kemeny),
            ["kemeny_orders_count"] = kemeny.Count,
            ["slater_index"] = slater.Cost,
            ["slater_orders_count"] = slater.Count,
            ["margin_feedback_cost"] = counts.Margins().Cost,
            ["condorcet_winner"] = counts.CondorcetWinner,
            ["condorcet_loser"] = counts.CondorcetLoser,
            ["weak_condorcet_winners"] = counts.WeakCondorcetWinners,
            ["copeland_wins_minus_losses"] = counts.Copeland,
            ["copeland_half_ties"] = counts.CopelandWithTies,
            ["borda_mean_win_rate_over_compared"] = counts.BordaShares,
            ["borda_total_wins"] = counts.TotalWins,
        };
    }

    private static Values Votes(GoldenEntry e)
    {
        var profile = RankProfile.Of(
            e.Items,
            [
                .. e["weight_and_ranking_best_first"]
                    .EnumerateArray()
                    .Select(r => (r[0].GetDouble(), (IReadOnlyList<int>)GoldenEntry.Integers(r[1]))),
            ]
        );
        var (counts, kemeny) = (profile.Counts, profile.Counts.Kemeny());
        return new Values
        {
            ["pairwise"] = GoldenEntry
                .Rows(e.Expected.GetProperty("pairwise"))
                .Select((row, i) => row.Select((_, j) => profile.Pairwise[i, j])),
            ["borda"] = profile.Borda,
            ["borda_winners"] = profile.BordaWinners,
            ["copeland"] = counts.Copeland,
            ["plurality"] = profile.Plurality,
            ["veto_last_places"] = profile.LastPlaces,
            ["condorcet_winner"] = counts.CondorcetWinner,
            ["condorcet_loser"] = counts.CondorcetLoser,
            ["kemeny_cost"] = kemeny.Cost,
            ["kemeny_orders"] = Listed(e, "kemeny_orders", kemeny),
            ["kemeny_orders_count"] = kemeny.Count,
            ["borda_winner_is_condorcet_loser"] = profile.BordaWinnerIsCondorcetLoser,
            ["minimax_scores"] = profile.Minimax,
        };
    }

    private static Values Flow(Hodge hodge) =>
        new()
        {
            ["triangles"] = hodge.Triangles.Select(t => new[] { t.A, t.B, t.C }),
            ["potential"] = hodge.Potential,
            ["gradient"] = hodge.Gradient,
            ["curl_part"] = hodge.Curl,
            ["harmonic"] = hodge.Harmonic,
            ["curl_on_triangles"] = hodge.CurlOnTriangles,
            ["energy"] = new Values
            {
                ["total"] = hodge.TotalEnergy,
                ["gradient"] = hodge.GradientEnergy,
                ["curl"] = hodge.CurlEnergy,
                ["harmonic"] = hodge.HarmonicEnergy,
            },
            ["curl_share"] = hodge.CurlShare,
            ["intransitive_share"] = hodge.IntransitiveShare,
        };
}
