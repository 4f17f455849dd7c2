using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Methods.Process;

namespace Attune.Methods.Tests.Process;

public sealed class SolutionChoiceTests
{
    // Right, wrong, wrong, right by a label that a solution without a result does not earn.
    private static readonly SolutionSet Set = Make(["7", "5", "5", null], [true, false, false, true], [0.9, 0.4, 0.4, 0.95]);

    [Fact]
    public void The_highest_score_is_chosen_and_a_solution_without_a_result_is_wrong()
    {
        var scores = Set.Scores["judge"];
        Assert.Equal(1, SolutionChoice.ByScore(Set, scores, [0, 1, 2]));
        Assert.Equal(0, SolutionChoice.ByScore(Set, scores, [0, 1, 2, 3]));
    }

    [Fact]
    public void Equal_scores_are_decided_by_lot() => Assert.Equal(0.5, SolutionChoice.ByScore(Set, [1, 1, 0, 0], [0, 1, 2, 3]));

    [Fact]
    public void A_vote_takes_the_most_frequent_result_and_a_weighted_one_the_heaviest()
    {
        Assert.Equal(0, SolutionChoice.ByVote(Set, _ => 1, [0, 1, 2, 3]));
        // 0.9 against 0.4 + 0.4; with 0.5 + 0.5 the other result wins.
        Assert.Equal(1, SolutionChoice.ByVote(Set, i => Set.Scores["judge"][i], [0, 1, 2, 3]));
        Assert.Equal(0, SolutionChoice.ByVote(Set, i => i == 0 ? 0.9 : 0.5, [0, 1, 2, 3]));
        Assert.Equal(0.5, SolutionChoice.ByVote(Set, _ => 1, [0, 1]));
        Assert.Equal(0, SolutionChoice.ByVote(Set, _ => 1, [3]));
    }

    [Fact]
    public void All_solutions_are_one_subset()
    {
        var all = SolutionChoice.Of([Set], 4, 100, new Seed(1), "judge");
        Assert.Equal(["blind", "judge", "majority", "oracle", "weighted"], all.Keys);
        Assert.Equal([0.25, 0, 0, 1, 1], all.Values.Select(i => i.Value));
    }

    [Fact]
    public void Law_subsets_of_two_come_near_the_mean_over_all_pairs()
    {
        // Pairs of 0..3: the judge is right on {0,1} and {0,2} of six; an oracle on the three that have 0.
        var two = SolutionChoice.Of([Set], 2, 20_000, new Seed(2), "judge");
        Assert.Equal(2 / 6.0, two["judge"].Value, 0.01);
        Assert.Equal(3 / 6.0, two["oracle"].Value, 0.01);
        Assert.Equal(0.25, two["blind"].Value, 0.01);
        // Votes: {0,1} and {0,2} are tied, {0,3} is right.
        Assert.Equal(2 / 6.0, two["majority"].Value, 0.01);
    }

    [Fact]
    public void Law_one_solution_leaves_nothing_to_choose()
    {
        var other = Make(["1", "2", "3", "4"], [true, true, false, false], [0, 1, 2, 3]);
        var one = SolutionChoice.Of([Set, other], 1, 50, new Seed(3), "judge");
        Assert.All(one.Values, i => Assert.Equal(one["blind"].Value, i.Value, 1e-12));
        Assert.InRange(one["blind"].Value, one["blind"].Low, one["blind"].High);
    }

    private static SolutionSet Make(string?[] results, bool[] right, double[] scores) =>
        new([.. results], [.. right], ImmutableSortedDictionary<string, ImmutableArray<double>>.Empty.Add("judge", [.. scores]));
}
