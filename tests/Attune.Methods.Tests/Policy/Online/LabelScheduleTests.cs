using Attune.Methods.Policy.Online;
using CsCheck;

namespace Attune.Methods.Tests.Policy.Online;

public sealed class LabelScheduleTests
{
    [Theory]
    [InlineData(LabelRate.Ziegler, 0.5, 0.75)]
    [InlineData(LabelRate.Ziegler, 0.1, 0.19)]
    [InlineData(LabelRate.Hyperbolic, 0.5, 0.584963)]
    [InlineData(LabelRate.Constant, 0.5, 0.5)]
    public void Due_labels_equal_the_values_worked_out_by_hand(LabelRate rate, double done, double due) =>
        Assert.Equal(due, LabelSchedule.Due(rate, done), 1e-6);

    /// <summary>
    /// Shares 1/4, 1/2, 3/4 are due at 1 - (1 - x)^2: x = .134, .293, .5; of 20 rounds, rounds 3, 6 and 10. A constant rate: 5, 10, 15.
    /// </summary>
    [Fact]
    public void Where_the_rate_falls_refreshes_crowd_at_the_beginning()
    {
        Assert.Equal(
            (LabelOrder[])[new(0, 100), new(3, 33), new(6, 33), new(10, 34)],
            LabelSchedule.Plan(100, 200, 3, 20, LabelRate.Ziegler).ToArray()
        );
        Assert.Equal(
            (LabelOrder[])[new(0, 100), new(5, 33), new(10, 33), new(15, 34)],
            LabelSchedule.Plan(100, 200, 3, 20, LabelRate.Constant).ToArray()
        );
        Assert.Equal((LabelOrder[])[new(0, 100)], LabelSchedule.Plan(100, 100, 3, 20, LabelRate.Ziegler).ToArray());
    }

    [Fact]
    public void Law_all_labels_are_asked_for_and_no_two_orders_share_a_round() =>
        Gen.Select(Gen.Int[1, 500], Gen.Int[0, 500], Gen.Int[1, 12], Gen.Int[2, 40], Gen.Int[0, 2].Select(i => (LabelRate)i))
            .Sample(
                (initial, later, refreshes, rounds, rate) =>
                {
                    var plan = LabelSchedule.Plan(initial, initial + later, refreshes, rounds, rate);
                    Assert.Equal(initial + later, plan.Sum(o => o.Labels));
                    Assert.Equal(plan.Select(o => o.Round).Distinct().Order(), plan.Select(o => o.Round));
                    Assert.All(plan, o => Assert.InRange(o.Round, 0, rounds - 1));
                }
            );

    /// <summary>
    /// Members who say 1/2 and 1/2 agree; who say sigma(2) = .880797 and sigma(-2) disagree: variance .380797^2 for both answers.
    /// </summary>
    [Fact]
    public void Disagreement_equals_the_value_worked_out_by_hand()
    {
        Assert.Equal(
            0,
            EnsembleDisagreement.Of([
                [1, 1],
                [5, 5],
            ]),
            1e-12
        );
        Assert.Equal(
            2 * 0.380797 * 0.380797,
            EnsembleDisagreement.Of([
                [2, 0],
                [0, 2],
            ]),
            1e-6
        );
        Assert.Equal([1, 3], EnsembleDisagreement.Highest([0.1, 0.5, 0.2, 0.4], 2));
    }
}
