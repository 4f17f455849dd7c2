using Attune.Training.Rewards;

namespace Attune.Training.Tests;

public sealed class RewardAggregationTests
{
    [Fact]
    public void Rewards_equal_the_values_worked_out_by_hand()
    {
        // 1, 2, 6: mean 3, deviations -2, -1, 3, variance 14/3 = 4.666667, sd 2.160247
        double[] rewards = [1, 2, 6];
        Equal(3, 2.160247, RewardAggregation.Mean.Of(rewards, 0.5));
        Equal(1, 2.160247, RewardAggregation.Minimum.Of(rewards, 0.5));
        Equal(3 - 1.0801234, 2.160247, RewardAggregation.MeanMinusSd.Of(rewards, 0.5));
        Equal(3 - 2.333333, 2.160247, RewardAggregation.MeanMinusVariance.Of(rewards, 0.5));
    }

    [Theory]
    [InlineData(RewardAggregation.Minimum)]
    [InlineData(RewardAggregation.MeanMinusSd)]
    [InlineData(RewardAggregation.MeanMinusVariance)]
    public void Law_members_that_agree_pay_nothing(RewardAggregation aggregation) => Equal(1.5, 0, aggregation.Of([1.5, 1.5, 1.5], 3));

    private static void Equal(double reward, double spread, (double Reward, double Spread) actual)
    {
        Assert.Equal(reward, actual.Reward, 1e-6);
        Assert.Equal(spread, actual.Spread, 1e-6);
    }
}
