using Attune.Core;
using Attune.Methods.Preference;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using Attune.Training.Batches;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

/// <summary>CPO with its variants, and TPO, which has the same contrast.</summary>
public sealed class CpoTests
{
    [Fact]
    public void Contrast_equals_the_value_worked_out_by_hand()
    {
        // Of the worked pair: sums -10 and -12, means -1 and -2.4.
        Assert.Equal(0.598139, Numbers.Of(m => Cpo.Contrast(m, CpoLoss.Sigmoid, 0.1), 2), 1e-6); // -log sigma(.1 * 2)
        Assert.Equal(0.8, Numbers.Of(m => Cpo.Contrast(m, CpoLoss.Hinge, 0.1), 2), 1e-12); // 1 - .1 * 2
        Assert.Equal(12.96, Numbers.Of(m => Cpo.Contrast(m, CpoLoss.Ipo, 0.1), 1.4), 1e-9); // (1.4 - 5)^2
        Assert.Equal(0.095545, Numbers.Of(m => Cpo.Contrast(m, CpoLoss.Simpo, 2, gamma: 0.5), 1.4), 1e-6); // -log sigma(2 * 1.4 - .5)
    }

    [Fact]
    public void AlphaPO_shapes_the_reward()
    {
        // (1 - exp(.25)) / .25 = -1.136102; towards 0 it is the log-probability itself.
        Assert.Equal(-1.136102, Numbers.Of(p => Cpo.Shaped(p, 0.25), -1), 1e-6);
        Assert.Equal(-2.4, Numbers.Of(p => Cpo.Shaped(p, 0), -2.4));
        Gen.Double[-8, -0.01].Sample(p => Assert.Equal(p, Numbers.Of(x => Cpo.Shaped(x, 1e-7), p), 1e-4), iter: 30);
        Numbers.GradientAgrees(p => Cpo.Shaped(p, 0.4));
    }

    [Fact]
    public void The_likelihood_is_averaged_over_the_tokens_of_the_update_or_of_each_answer()
    {
        using var policy = TinyModels.Language(1);
        PreferencePair[] items = [.. TinyTask.Pairs(5).Select(p => new PreferencePair(p, null))];
        double[] sums = AnswerSums.Plain(policy, [.. items.Select(p => p.Pair.Chosen)]);
        double[] lengths = [.. items.Select(p => (double)p.Pair.Chosen.AnswerLength)];
        Assert.True(lengths.Distinct().Count() > 1);
        Assert.Equal(-sums.Sum() / lengths.Sum(), Nll(NllMean.Token, 0), 1e-5);
        Assert.Equal(-sums.Zip(lengths, (s, l) => s / l).Average(), Nll(NllMean.Answer, 0), 1e-5);
        // Of parts of three and two, as TRL of its micro-batches: each counts by its pairs.
        var parts = -(3 * sums[..3].Sum() / lengths[..3].Sum() + 2 * sums[3..].Sum() / lengths[3..].Sum()) / 5;
        Assert.Equal(parts, Nll(NllMean.Token, 3), 1e-5);

        double Nll(NllMean mean, int part)
        {
            var options = new CpoOptions
            {
                NllMean = mean,
                Statistics = new UpdateStatistics { StatisticsBatch = part },
            };
            using var scope = NewDisposeScope();
            return options.Objective(policy, null).Evaluate(options.Prepare(items, policy, null)).Metrics["nll_loss"];
        }
    }

    [Fact]
    public void TPO_without_gold_answers_says_what_is_missing()
    {
        using var policy = TinyModels.Language(1);
        PreferencePair[] items = [.. TinyTask.Pairs(2).Select(p => new PreferencePair(p, null))];
        var options = new TpoOptions();
        Assert.Contains(
            "column reference",
            Assert.Throws<DataException>(() => options.Prepare(items, policy, null)).Message,
            StringComparison.Ordinal
        );
        var alone = options with { TpoAlpha = 0 };
        using var scope = NewDisposeScope();
        var tpo = alone.Objective(policy, null).Evaluate(alone.Prepare(items, policy, null)).SummedLoss.ToDouble();
        var cpo = new CpoOptions { Beta = alone.Beta, CpoAlpha = 0 }
            .Objective(policy, null)
            .Evaluate(items)
            .SummedLoss.ToDouble();
        Assert.Equal(cpo, tpo, 1e-9);
    }

    [Fact]
    public async Task CPO_learns_a_tiny_task() =>
        await Numbers.Learns(
            (policy, _) =>
                new Cpo.Objective(
                    new CpoOptions
                    {
                        LossType = CpoLoss.Simpo,
                        Beta = 2,
                        CpoAlpha = 0,
                    },
                    policy
                ),
            0.05
        );
}
