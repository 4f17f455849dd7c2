using Attune.Methods.Process;
using CsCheck;

namespace Attune.Methods.Tests.Process;

public sealed class RolloutLabelsTests
{
    [Theory]
    [InlineData(0, 8, RolloutEstimate.Soft, -1)]
    [InlineData(2, 8, RolloutEstimate.Soft, -0.5)]
    [InlineData(8, 8, RolloutEstimate.Soft, 1)]
    [InlineData(0, 8, RolloutEstimate.Hard, -1)]
    [InlineData(1, 8, RolloutEstimate.Hard, 1)]
    public void A_label_is_what_continuations_come_to(int right, int count, RolloutEstimate estimate, double label) =>
        Assert.Equal(label, RolloutLabels.Of(right, count, estimate));

    [Fact]
    public void Law_the_class_good_has_the_share_of_the_continuations_that_end_right() =>
        Gen.Int[1, 64]
            .SelectMany(count => Gen.Int[0, count].Select(right => (right, count)))
            .Sample(
                (right, count) =>
                {
                    // A share of one half is the label 0, which is the neutral one.
                    if (2 * right != count)
                    {
                        var label = RolloutLabels.Of(right, count, RolloutEstimate.Soft);
                        Assert.Equal((double)right / count, StepTargets.Probabilities(label, 2, NeutralSteps.Good)[1], 1e-6);
                    }
                },
                iter: 200
            );
}
