using Attune.Methods.Preference;
using Attune.Methods.Tests.Loop;
using Attune.Models.Architecture;
using Attune.Testing.Training;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

public sealed class KtoTests
{
    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        // log ratio 1, z_0 .5, beta .4: beta (1 - .5) = .2 and sigma(.2) = .549834.
        // Desirable, weight 1: 1 - .549834 = .450166. Undesirable, weight 2: 2 * (1 - sigma(-.2)) = 2 * .549834 = 1.099668.
        Assert.Equal(0.450166, Loss(1, 1, 0.5), 1e-6);
        Assert.Equal(1.099668, Loss(1, 0, 0.5), 1e-6);
        // At the start both are half their weight.
        Assert.Equal((0.5, 1.0), (Loss(0, 1, 0), Loss(0, 0, 0)));
    }

    [Fact]
    public void BCO_and_APO_zero_equal_the_values_worked_out_by_hand()
    {
        // Log ratio 1, beta .4. BCO with delta = .4 * .5: -log sigma(.2) = .598139, and of an undesirable answer of weight 2
        // 2 * -log sigma(-.2) = 1.596278. APO-zero, whose point is 0: 1 - sigma(.4) = .401312 and 2 sigma(.4) = 1.197375.
        Assert.Equal(0.598139, Loss(1, 1, 0.5, VerdictLoss.Bco), 1e-6);
        Assert.Equal(1.596278, Loss(1, 0, 0.5, VerdictLoss.Bco), 1e-6);
        Assert.Equal(0.401312, Loss(1, 1, 0, VerdictLoss.ApoZeroUnpaired), 1e-6);
        Assert.Equal(1.197375, Loss(1, 0, 0, VerdictLoss.ApoZeroUnpaired), 1e-6);
    }

    [Fact]
    public void BCO_compares_with_the_mean_of_all_rewards_so_far_and_held_out_rows_change_nothing()
    {
        using var policy = TinyModels.Language(1);
        using var reference = TinyModels.Language(2);
        var options = new KtoOptions { LossType = VerdictLoss.Bco, Beta = 0.4 };
        var preparation = new KtoPreparation(options, policy, reference, 24);
        var items = preparation.Items([.. TinyTask.Verdicts(6).Select(v => (v.Sequence, v.Desirable))]);
        Assert.All(items, i => Assert.Null(i.Mismatched));
        double[] ratios = [.. items.Select(i => LogProb(policy, i.Sequence) - LogProb(reference, i.Sequence))];
        Assert.Equal(ratios[..2].Average(), preparation.Learn(items[..2])[0].Divergence, 1e-5);
        Assert.Equal(ratios[..2].Average(), preparation.Look(items[2..])[0].Divergence, 1e-5);
        Assert.Equal(ratios.Average(), preparation.Learn(items[2..])[0].Divergence, 1e-5);
        // A resumed run goes on with the same mean.
        var resumed = new KtoPreparation(options, policy, reference, 24);
        resumed.Restore(preparation.State);
        Assert.Equal(preparation.Look(items)[0].Divergence, resumed.Look(items)[0].Divergence);
    }

    [Fact]
    public void TRLs_pairs_are_those_of_the_row_before_in_each_part_of_the_update()
    {
        using var policy = TinyModels.Language(1);
        using var reference = TinyModels.Language(2);
        var options = new KtoOptions
        {
            KlPairs = KlPairs.PreviousRow,
            Statistics = new UpdateStatistics { StatisticsBatch = 2 },
        };
        var preparation = new KtoPreparation(options, policy, reference, 24);
        var items = preparation.Items([.. TinyTask.Verdicts(4).Select(v => (v.Sequence, v.Desirable))]);
        var prepared = preparation.Learn(items);
        for (var part = 0; part < 4; part += 2)
        {
            var (first, second) = (items[part].Sequence, items[part + 1].Sequence);
            Core.Tokens.TokenSequence Joined(Core.Tokens.TokenSequence prompt, Core.Tokens.TokenSequence answer) =>
                new([.. prompt.Prompt, .. answer.Answer], prompt.AnswerStart);
            var mean = new[] { Joined(first, second), Joined(second, first) }.Average(s => LogProb(policy, s) - LogProb(reference, s));
            Assert.Equal(Math.Max(0, mean), prepared[part].Divergence, 1e-4);
            Assert.Equal(prepared[part].Divergence, prepared[part + 1].Divergence);
        }
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences() =>
        Gen.Select(Gen.Double[-4, 4].Array[3], Gen.Double[0, 3])
            .Sample(
                (ratios, divergence) =>
                    FiniteDifferences.Agree(
                        x => Kto.Loss(x, tensor([1.0, 0, 1]), full(3, divergence, dtype: ScalarType.Float64), 0.6, (1, 1.5)).sum(),
                        ratios,
                        1e-6
                    ),
                iter: 20
            );

    [Fact]
    public void Law_a_gain_and_a_loss_of_the_same_size_sum_to_the_weight() =>
        Gen.Select(Numbers.Margin, Gen.Double[0, 10])
            .Sample(
                (ratio, divergence) =>
                    // lambda (1 - sigma(x)) + lambda (1 - sigma(-x)) = lambda; weights 1 and 2
                    Assert.Equal(1, Loss(ratio, 1, divergence) + Loss(ratio, 0, divergence) / 2, 1e-9),
                iter: 50
            );

    [Fact]
    public void Law_the_gradient_fades_far_from_the_reference_point_on_both_sides() =>
        Gen.Double[10, 60]
            .Sample(
                distance =>
                {
                    double Slope(double at)
                    {
                        using var scope = NewDisposeScope();
                        var x = tensor([at], requires_grad: true);
                        Kto.Loss(x, tensor([1.0]), tensor([0.0]), 1, (1, 1)).sum().backward();
                        return Math.Abs(x.grad!.ToDouble());
                    }

                    Assert.True(Slope(distance) < Slope(0) / 1000 && Slope(-distance) < Slope(0) / 1000);
                },
                iter: 20
            );

    [Fact]
    public void The_divergence_is_one_number_an_update_from_other_prompts_answers_and_not_below_0()
    {
        using var policy = TinyModels.Language(1);
        using var reference = TinyModels.Language(2);
        var verdicts = TinyTask.Verdicts(10);
        var preparation = new KtoPreparation(new KtoOptions(), policy, reference, 24);
        var items = preparation.Items([.. verdicts.Select(v => (v.Sequence, v.Desirable))]);
        Assert.All(
            items,
            i =>
            {
                Assert.Equal(i.Sequence.Prompt.ToArray(), i.Mismatched!.Prompt.ToArray());
                Assert.Contains(
                    verdicts,
                    v => v.Sequence.Answer.SequenceEqual(i.Mismatched.Answer) && !v.Sequence.Prompt.SequenceEqual(i.Sequence.Prompt)
                );
            }
        );
        var prepared = preparation.Learn(items);
        var expected = items.Average(i => LogProb(policy, i.Mismatched!) - LogProb(reference, i.Mismatched!));
        Assert.All(prepared, i => Assert.Equal(Math.Max(0, expected), i.Divergence, 1e-4));
        Assert.All(prepared, i => Assert.Equal(2.0, i.ClassScale));
        // The other way round the sign is the other, and one of the two is cut at 0.
        var reversed = new KtoPreparation(new KtoOptions(), reference, policy, 24).Learn(items);
        Assert.Equal(Math.Max(0, -expected), reversed[0].Divergence, 1e-4);
        Assert.Equal(0, Math.Min(prepared[0].Divergence, reversed[0].Divergence));
    }

    [Fact]
    public void A_foreign_answer_is_cut_to_what_the_limit_leaves_of_it()
    {
        // The model reads 24 tokens. Rows of 20 and 19 fit; the first prompt and the second answer together are 35.
        using var policy = TinyModels.Language(1);
        using var reference = policy.Copy();
        var (longPrompt, longAnswer) = (Row(prompt: 18, answer: 2), Row(prompt: 2, answer: 17));
        var preparation = new KtoPreparation(new KtoOptions(), policy, reference, 24);
        var items = preparation.Items([(longPrompt, true), (longAnswer, false)]);
        Assert.Equal([.. longPrompt.Prompt, .. longAnswer.Answer[..6]], items[0].Mismatched!.Tokens);
        Assert.Equal([.. longAnswer.Prompt, .. longPrompt.Answer], items[1].Mismatched!.Tokens);
        Assert.Equal((18, 2), (items[0].Mismatched!.AnswerStart, items[1].Mismatched!.AnswerStart));
        Assert.Equal(0, preparation.Learn(items)[0].Divergence, 1e-5);
    }

    [Fact]
    public async Task Learns_a_tiny_task()
    {
        var options = new KtoOptions { Beta = 0.5 };
        var observer = await Numbers.Train(
            (policy, reference) => new Kto.Objective(options, policy, reference),
            Items(options),
            (policy, reference) => new KtoPreparation(options, policy, reference, 24)
        );
        Assert.Equal(0.5, observer.Losses[0], 1e-4);
        Assert.True(observer.Losses[^1] < 0.1, $"the loss ended at {observer.Losses[^1]:f3}");
        var last = observer.Updates[^1].Metrics;
        Assert.Equal(last["rewards/chosen"] - last["rewards/rejected"], last["rewards/margins"], 1e-4);
        Assert.True(last["rewards/margins"] > 2);
    }

    private static KtoItem[] Items(KtoOptions options)
    {
        using var model = TinyModels.Language(1);
        return [.. new KtoPreparation(options, model, model, 24).Items([.. TinyTask.Verdicts(12).Select(v => (v.Sequence, v.Desirable))])];
    }

    /// <summary>Prompts of one token over and over, answers of another, so that rows of different lengths have different prompts.</summary>
    private static Core.Tokens.TokenSequence Row(int prompt, int answer) =>
        new([.. Enumerable.Repeat(1 + prompt % 3, prompt), .. Enumerable.Range(0, answer).Select(i => 4 + i % 4)], prompt);

    private static double LogProb(LanguageModel model, Core.Tokens.TokenSequence sequence) =>
        Training.Batches.AnswerSums.Plain(model, [sequence])[0];

    private static double Loss(double ratio, double desirable, double divergence, VerdictLoss loss = VerdictLoss.Kto)
    {
        using var scope = NewDisposeScope();
        return Kto.Loss(tensor([ratio]), tensor([desirable]), tensor([divergence]), 0.4, (1, 2), loss).ToDouble();
    }
}
