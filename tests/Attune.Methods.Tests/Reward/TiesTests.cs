using System.Text.Json;
using Attune.Methods.Reward;
using Attune.Testing;
using Attune.Testing.Training;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Reward;

public sealed class TiesTests
{
    public static TheoryData<TieModel> Models => [TieModel.Davidson, TieModel.RaoKupper];

    [Fact]
    public void Probabilities_equal_the_values_worked_out_by_hand()
    {
        // pi = 4 and 1, nu = 1: D = 4 + 1 + 2 = 7.
        Near([4 / 7.0, 2 / 7.0, 1 / 7.0], Of(TieModel.Davidson, Math.Log(4), 0));
        // theta = 2: 4 / (4 + 2), 1 / (1 + 8), and the rest; log log 2 is the parameter.
        Near([4 / 6.0, 1 - 4 / 6.0 - 1 / 9.0, 1 / 9.0], Of(TieModel.RaoKupper, Math.Log(4), Math.Log(Math.Log(2))));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Law_the_outcomes_sum_to_one_and_change_sides_with_the_answers(TieModel model) =>
        Gen.Select(Gen.Double[-8, 8], Gen.Double[-2, 2])
            .Sample(
                (difference, strength) =>
                {
                    var (there, back) = (Of(model, difference, strength), Of(model, -difference, strength));
                    Assert.Equal(1, there.Sum(), 1e-9);
                    Near([back[2], back[1], back[0]], there);
                },
                iter: 100
            );

    [Theory]
    [MemberData(nameof(Models))]
    public void Law_the_strength_begins_where_equal_answers_are_tied_as_often_as_in_the_data(TieModel model) =>
        Gen.Double[0.02, 0.85].Sample(share => Assert.Equal(share, Of(model, 0, Ties.StrengthAt(model, share))[1], 1e-9), iter: 50);

    [Theory]
    [MemberData(nameof(Models))]
    public void Gradient_agrees_with_finite_differences(TieModel model) =>
        FiniteDifferences.Agree(
            x =>
            {
                var outcomes = Outcomes(model, x.narrow(0, 0, 2), x[2]);
                return outcomes.Win[0] + outcomes.Tie[1] + outcomes.Loss[0];
            },
            [0.7, -1.3, -0.4]
        );

    /// <summary>Maximum-likelihood fits of other programs: their log-likelihood, and no gradient at them.</summary>
    [Theory]
    [InlineData("davidson", "log_nu", TieModel.Davidson)]
    [InlineData("rao_kupper", "eta", TieModel.RaoKupper)]
    public void Golden_fits_are_maxima_with_the_same_likelihood(string name, string parameter, TieModel model)
    {
        var text = File.ReadAllText(SharedData.Require("golden/statistics/statistics.json"));
        foreach (var entry in JsonDocument.Parse(text).RootElement.GetProperty("entries").EnumerateArray())
        {
            if (entry.GetProperty("kind").GetString() == "bt_ties")
            {
                Fits(entry.GetProperty("inputs"), entry.GetProperty("expected").GetProperty(name), parameter, model);
            }
        }
    }

    private static void Fits(JsonElement inputs, JsonElement expected, string parameter, TieModel model)
    {
        using var scope = NewDisposeScope();
        double[] strengths = [.. expected.GetProperty("theta_sum0").EnumerateArray().Select(t => t.GetDouble())];
        var tie = expected.GetProperty(parameter).GetDouble();
        var rewards = tensor(strengths, requires_grad: true);
        var strength = tensor(model == TieModel.Davidson ? tie : Math.Log(tie), requires_grad: true);
        var likelihood = zeros(1, ScalarType.Float64);
        foreach (var (key, outcome) in new (string, Func<Ties.Outcomes, Tensor>)[] { ("wins", o => o.Win), ("ties", o => o.Tie) })
        {
            double[][] rows =
            [
                .. inputs.GetProperty(key).EnumerateArray().Select(r => r.EnumerateArray().Select(v => v.GetDouble()).ToArray()),
            ];
            var first = rewards.index_select(0, tensor(rows.Select(r => (long)r[0]).ToArray()));
            var second = rewards.index_select(0, tensor(rows.Select(r => (long)r[1]).ToArray()));
            likelihood = likelihood + (outcome(Outcomes(model, first - second, strength)) * tensor(rows.Select(r => r[2]).ToArray())).sum();
        }

        likelihood.sum().backward();
        Assert.Equal(expected.GetProperty("log_likelihood").GetDouble(), likelihood.sum().ToDouble(), 1e-6);
        Assert.All(rewards.grad!.data<double>().ToArray(), g => Assert.Equal(0, g, 1e-5));
        Assert.Equal(0, strength.grad!.ToDouble(), 1e-5);
    }

    private static Ties.Outcomes Outcomes(TieModel model, Tensor difference, Tensor strength) =>
        model == TieModel.Davidson ? Ties.Davidson(difference, strength) : Ties.RaoKupper(difference, strength);

    private static double[] Of(TieModel model, double difference, double strength)
    {
        using var scope = NewDisposeScope();
        var outcomes = Outcomes(model, tensor([difference]), tensor(strength));
        return [.. new[] { outcomes.Win, outcomes.Tie, outcomes.Loss }.Select(o => Math.Exp(o.ToDouble()))];
    }

    private static void Near(double[] expected, double[] actual) =>
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
}
