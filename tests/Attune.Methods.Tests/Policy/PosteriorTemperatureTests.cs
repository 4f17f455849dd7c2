using Attune.Methods.Policy;

namespace Attune.Methods.Tests.Policy;

/// <summary>Only a method that comes to rest at the posterior may be measured against it.</summary>
public sealed class PosteriorTemperatureTests
{
    [Theory]
    [InlineData(KlController.Fixed, KlEstimator.K1, 0.3)]
    [InlineData(KlController.Adaptive, KlEstimator.K1, null)]
    [InlineData(KlController.Fixed, KlEstimator.K3, null)]
    public void PPO_has_one_where_a_fixed_price_is_paid_by_k1(KlController controller, KlEstimator estimator, double? expected)
    {
        IPolicyOptions options = new PpoOptions
        {
            Kl = new()
            {
                KlCoefficient = 0.3,
                KlController = controller,
                KlEstimator = estimator,
            },
        };
        Assert.Equal(expected, options.PosteriorTemperature);
    }

    [Theory]
    [InlineData(RewardScaling.Group, KlPlacement.Loss, KlEstimator.K2, null)]
    [InlineData(RewardScaling.None, KlPlacement.Loss, KlEstimator.K3, null)]
    [InlineData(RewardScaling.None, KlPlacement.Loss, KlEstimator.K2, 0.3)]
    [InlineData(RewardScaling.None, KlPlacement.Reward, KlEstimator.K2, null)]
    [InlineData(RewardScaling.None, KlPlacement.Reward, KlEstimator.K1, 0.3)]
    public void GRPO_has_one_where_rewards_keep_their_unit_and_the_price_is_k2_in_the_loss_or_k1_in_the_reward(
        RewardScaling scaling,
        KlPlacement placement,
        KlEstimator estimator,
        double? expected
    )
    {
        IPolicyOptions options = new GrpoOptions
        {
            ScaleRewards = scaling,
            Kl = new()
            {
                KlCoefficient = 0.3,
                KlPlacement = placement,
                KlEstimator = estimator,
            },
        };
        Assert.Equal(expected, options.PosteriorTemperature);
    }

    [Fact]
    public void Rejection_sampling_has_none() => Assert.Null(((IPolicyOptions)new RejectionSamplingOptions()).PosteriorTemperature);
}
