using Attune.Core.Tokens;
using Attune.Methods.Reward;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Reward;

public sealed class ChoiceOfKTests
{
    private static readonly Gen<(double[] Rewards, int Best)> Choices = Gen.Int[2, 6]
        .SelectMany(k => Gen.Select(Gen.Double[-4, 4].Array[k], Gen.Int[0, k - 1]));

    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        // Four answers, r = (1, 0, -1, .5), the first is best: log(2.718282 + 1 + .367879 + 1.648721) - 1 = log 5.734882 - 1 = .746567
        Assert.Equal(0.746567, Loss([1, 0, -1, 0.5], 0), 1e-6);
        // All alike: log 4
        Assert.Equal(1.386294, Loss([2, 2, 2, 2], 3), 1e-6);
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences() =>
        Choices.Sample(
            c => FiniteDifferences.Agree(x => ChoiceOfK.Loss(x.unsqueeze(0), tensor([(long)c.Best])).sum(), c.Rewards),
            iter: 20
        );

    [Fact]
    public void Law_two_answers_are_Bradley_and_Terrys_pair() =>
        Gen.Select(Gen.Double[-4, 4], Gen.Double[-4, 4])
            .Sample(
                (better, worse) =>
                {
                    using var scope = NewDisposeScope();
                    var pair = BradleyTerry.Loss(tensor([better]), tensor([worse]), tensor([0.0])).ToDouble();
                    Assert.Equal(pair, Loss([better, worse], 0), 1e-12);
                    Assert.Equal(pair, Loss([worse, better], 1), 1e-12);
                }
            );

    [Fact]
    public void Law_a_constant_on_all_rewards_changes_nothing() =>
        Gen.Select(Choices, Gen.Double[-20, 20])
            .Sample((c, constant) => Assert.Equal(Loss(c.Rewards, c.Best), Loss([.. c.Rewards.Select(r => r + constant)], c.Best), 1e-9));

    [Fact]
    public void Law_the_probabilities_of_being_best_sum_to_1() =>
        Choices.Sample(c => Assert.Equal(1, Enumerable.Range(0, c.Rewards.Length).Sum(i => Math.Exp(-Loss(c.Rewards, i))), 1e-9));

    [Fact]
    public void Choices_of_different_size_may_be_mixed()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.Scalar(1);
        TokenChoice[] items = [TinyTask.Choices(1, answers: 2)[0], TinyTask.Choices(1, answers: 5)[0]];
        var objective = new ChoiceOfK.Objective(model);
        var together = objective.Evaluate(items).SummedLoss.ToDouble();
        Assert.Equal(items.Sum(i => objective.Evaluate([i]).SummedLoss.ToDouble()), together, 1e-4);
    }

    [Fact]
    public async Task Learns_a_tiny_task() =>
        await TinyTask.Learns<TokenChoice>(
            model => new ChoiceOfK.Objective(model),
            TinyTask.Choices(8, answers: 4),
            "accuracy",
            atLeast: 1,
            lossBelow: 0.1
        );

    private static double Loss(double[] rewards, int best)
    {
        using var scope = NewDisposeScope();
        return ChoiceOfK.Loss(tensor(rewards).unsqueeze(0), tensor([(long)best])).ToDouble();
    }
}
