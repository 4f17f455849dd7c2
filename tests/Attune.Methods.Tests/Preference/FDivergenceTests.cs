using Attune.Methods.Preference;
using Attune.Testing.Training;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

public sealed class FDivergenceTests
{
    public static TheoryData<FDivergenceType> Types => [.. Enum.GetValues<FDivergenceType>()];

    [Theory]
    [InlineData(FDivergenceType.ReverseKl, 0.693147)] // log 2
    [InlineData(FDivergenceType.ForwardKl, -0.5)] // -1 / 2
    [InlineData(FDivergenceType.JsDivergence, 0.287682)] // log(2 * 2 / 3)
    [InlineData(FDivergenceType.AlphaDivergence, 0.585786)] // (1 - 2^-.5) / .5 = 2 - sqrt 2
    public void Derivative_equals_the_value_worked_out_by_hand(FDivergenceType type, double expected) =>
        // u = 2, alpha 1/2
        Assert.Equal(expected, Numbers.Of(x => FDivergence.Derivative(x, type), Math.Log(2)), 1e-6);

    /// <summary>f of each type as the paper has it.</summary>
    private static double F(FDivergenceType type, double u, double alpha) =>
        type switch
        {
            FDivergenceType.ReverseKl => u * Math.Log(u),
            FDivergenceType.ForwardKl => -Math.Log(u),
            FDivergenceType.JsDivergence => u * Math.Log(u) - (u + 1) * Math.Log((u + 1) / 2),
            _ => (Math.Pow(u, 1 - alpha) - (1 - alpha) * u - alpha) / (alpha * (alpha - 1)),
        };

    [Theory]
    [MemberData(nameof(Types))]
    public void Law_differences_are_those_of_the_derivative_of_f(FDivergenceType type) =>
        Gen.Select(Gen.Double[-2, 2], Gen.Double[-2, 2], Gen.Double[0.1, 0.9])
            .Sample(
                (a, b, alpha) =>
                {
                    double Slope(double logRatio)
                    {
                        var u = Math.Exp(logRatio);
                        return (F(type, u + 1e-6, alpha) - F(type, u - 1e-6, alpha)) / 2e-6;
                    }

                    double Own(double logRatio) => Numbers.Of(x => FDivergence.Derivative(x, type, alpha), logRatio);
                    Assert.Equal(Slope(a) - Slope(b), Own(a) - Own(b), 1e-6);
                },
                iter: 50
            );

    [Fact]
    public void Law_the_alpha_divergence_lies_between_reverse_and_forward_KL() =>
        Gen.Double[-2, 2]
            .Sample(
                x =>
                {
                    double Alpha(double alpha) => Numbers.Of(t => FDivergence.Derivative(t, FDivergenceType.AlphaDivergence, alpha), x);
                    Assert.Equal(x, Alpha(1e-6), 1e-4);
                    Assert.Equal(1 + Numbers.Of(t => FDivergence.Derivative(t, FDivergenceType.ForwardKl), x), Alpha(1 - 1e-9), 1e-6);
                },
                iter: 50
            );

    [Theory]
    [MemberData(nameof(Types))]
    public void Gradient_agrees_with_finite_differences(FDivergenceType type) =>
        Gen.Double[-2, 2]
            .Array[2]
            .Sample(
                x =>
                    FiniteDifferences.Agree(
                        v =>
                            Dpo.Loss(
                                    (FDivergence.Derivative(v, type).narrow(0, 0, 1) - FDivergence.Derivative(v, type).narrow(0, 1, 1)),
                                    0.5
                                )
                                .sum(),
                        x,
                        1e-6
                    ),
                iter: 20
            );

    [Theory]
    [MemberData(nameof(Types))]
    public void Answers_far_from_the_reference_give_no_infinity(FDivergenceType type)
    {
        using var scope = NewDisposeScope();
        var ratios = tensor([400f, -400f, -400f, 400f], requires_grad: true);
        var scores = FDivergence.Derivative(ratios, type);
        var loss = Dpo.Loss(scores.narrow(0, 0, 2) - scores.narrow(0, 2, 2), 0.1).sum();
        loss.backward();
        Assert.True(double.IsFinite(loss.ToDouble()));
        Assert.All(ratios.grad!.data<float>().ToArray(), g => Assert.True(float.IsFinite(g)));
    }
}
