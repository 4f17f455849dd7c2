using Attune.Core.Rollouts;
using Attune.Core.Tokens;
using CsCheck;

namespace Attune.Core.Tests.Rollouts;

public sealed class ScoreTests
{
    private static readonly Gen<Score> Scores = Gen.Select(Gen.Int[0, 5], Gen.Double[-3, 3])
        .Array[0, 4]
        .Select(marks => new Score([.. marks.Select(m => new TokenReward(m.Item1, m.Item2, "test"))]));

    [Fact]
    public void Law_totals_add_and_scale_as_their_marks_do() =>
        Gen.Select(Scores, Scores, Gen.Double[-2, 2])
            .Sample(
                (left, right, weight) =>
                {
                    Assert.Equal(left.Total + right.Total, (left + right).Total, 1e-9);
                    Assert.Equal(left.TokenRewards.Length + right.TokenRewards.Length, (left + right).TokenRewards.Length);
                    Assert.Equal(weight * left.Total, left.Scale(weight).Total, 1e-9);
                }
            );

    [Fact]
    public void An_outcome_is_one_mark_on_the_last_answer_token()
    {
        var rollout = new Rollout(new TokenSequence([1, 2, 3, 4, 5], 2), [0, 0, 0], StopReason.Length, 0);
        Assert.Equal([new TokenReward(2, 0.7, "judge")], Score.Outcome(rollout, 0.7, "judge").TokenRewards);
    }

    [Fact]
    public void A_spread_is_scaled_without_its_sign_and_absent_where_nobody_gave_one()
    {
        var spread = new Score([]) { Spread = 0.5 };
        Assert.Equal(1.0, spread.Scale(-2).Spread);
        Assert.Null(new Score([]).Scale(3).Spread);
        Assert.Null((new Score([]) + new Score([])).Spread);
        Assert.Equal(0.5, (spread + new Score([])).Spread);
    }
}
