using Attune.Models.Weights;
using Attune.Testing.Training;
using Attune.Training.Rewards;

namespace Attune.Training.Tests.Rewards;

public sealed class WeightAverageTests
{
    [Theory]
    [InlineData(Precision.F32)]
    [InlineData(Precision.Bf16)]
    public void It_is_the_mean_of_the_members_weights_and_becomes_the_first_of_them(Precision precision)
    {
        var members = new[] { 1UL, 2UL, 3UL }.Select(seed => TinyModels.Scalar(seed, precision: precision)).ToArray();
        foreach (var member in members)
        {
            member.Weights.AttachMaster();
        }

        var values = members.Select(m => TinyModels.Values(m.Weights.Exact)).ToArray();
        using var average = WeightAverage.Into(members);
        Assert.Same(members[0], average);
        var found = TinyModels.Values(average.Weights.Exact);
        for (var i = 0; i < found.Length; i++)
        {
            Assert.Equal((values[0][i] + values[1][i] + values[2][i]) / 3, found[i], 1e-6);
        }

        // What it computes with is the rounding of that mean.
        Assert.All(
            found.Zip(TinyModels.Values(average.Weights.Values)),
            w => Assert.Equal(w.First, w.Second, Math.Max(1e-6, (precision == Precision.Bf16 ? 1.0 / 256 : 0) * Math.Abs(w.First)))
        );
    }

    [Fact]
    public void Law_the_average_of_one_model_again_and_again_is_that_model()
    {
        using var model = TinyModels.Scalar(4);
        using var average = WeightAverage.Into([TinyModels.Scalar(4), TinyModels.Scalar(4)]);
        Assert.Equal(TinyModels.WeightsOf(model), TinyModels.WeightsOf(average));
    }
}
