using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods.Supervised;
using Attune.Models.Adapters;
using Attune.Testing.Training;
using Attune.Training;
using Attune.Training.Experience;
using Attune.Training.Optimisation;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Supervised;

public sealed class SftTests
{
    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        using var scope = NewDisposeScope();
        // logits (1, 0, -1): log(e + 1 + 1/e) = 1.407606; less the target's logit: .407606 and 2.407606
        var loss = Sft.Loss(tensor([1.0, 0, -1, 1, 0, -1]).view(2, 3), tensor([0L, 2L]));
        Assert.Equal(0.407606, loss[0].ToDouble(), 1e-6);
        Assert.Equal(2.407606, loss[1].ToDouble(), 1e-6);
    }

    [Fact]
    public void Dynamic_and_smoothed_losses_equal_the_values_worked_out_by_hand()
    {
        using var scope = NewDisposeScope();
        // p = .25: .25 * log 4 = .346574, and the gradient to log p is -.25: the weight has none.
        var logProb = tensor([Math.Log(0.25)], requires_grad: true);
        var loss = Sft.Dynamic(logProb);
        loss.sum().backward();
        Assert.Equal(0.346574, loss.ToDouble(), 1e-6);
        Assert.Equal(-0.25, logProb.grad!.ToDouble(), 1e-12);
        // The logits above: log p = -.407606, -1.407606, -2.407606; .9 * .407606 + .1 * 1.407606 = .507606.
        Assert.Equal(0.507606, Sft.Smoothed(tensor([1.0, 0, -1]).view(1, 3), tensor([0L]), 0.1).ToDouble(), 1e-6);
    }

    [Fact]
    public void The_objective_takes_the_loss_of_its_options()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.Language(1);
        var row = Row(new TokenSequence([3, 7, 1, 9, 4], 2));
        double Of(SftLossOptions options) => new Sft.Objective(model, options).Evaluate([row]).SummedLoss.ToDouble();
        var logProbs = Training.Batches.AnswerLogProbs.Of(model, [row.Segments[0]])[0];
        Assert.Equal(-logProbs.Sum(p => Math.Exp(p) * p), Of(new SftLossOptions { LossType = SftLoss.Dft }), 1e-4);
        // Smoothing moves a share of the loss to the mean over the vocabulary, so it is linear in that share.
        var (none, tenth, fifth) = (Of(new()), Of(new() { LabelSmoothing = 0.1 }), Of(new() { LabelSmoothing = 0.2 }));
        Assert.Equal(-logProbs.Sum(), none, 1e-4);
        Assert.Equal(2 * (tenth - none), fifth - none, 1e-4);
        Assert.NotEqual(none, tenth, 1e-3);
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences() =>
        Gen.Select(Gen.Double[-4, 4].Array[8], Gen.Int[0, 3], Gen.Int[0, 3])
            .Sample(
                (logits, first, second) =>
                    FiniteDifferences.Agree(x => Sft.Loss(x.view(2, 4), tensor([(long)first, second])).sum(), logits),
                iter: 20
            );

    [Fact]
    public void Law_prompt_tokens_are_read_but_not_learned()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.Language(1);
        int[] tokens = [3, 7, 1, 9, 4, 12];
        var objective = new Sft.Objective(model);
        double Loss(int answerStart) => objective.Evaluate([Row(new TokenSequence([.. tokens], answerStart))]).SummedLoss.ToDouble();
        var logProbs = Training.Batches.AnswerLogProbs.Of(model, [new TokenSequence([.. tokens], 1)])[0]; // of tokens 1 to 5
        for (var start = 1; start < tokens.Length; start++)
        {
            Assert.Equal(-logProbs[(start - 1)..].Sum(), Loss(start), 1e-4);
            Assert.Equal(tokens.Length - start, objective.Weight(Row(new TokenSequence([.. tokens], start))));
        }

        // A text without prompt: its first token follows nothing and cannot be predicted.
        Assert.Equal(Loss(1), Loss(0), 1e-5);
        Assert.Equal(5, objective.Weight(Row(new TokenSequence([.. tokens], 0))));
    }

    [Fact]
    public void Law_packing_changes_neither_loss_nor_gradient()
    {
        var sequences = TinyData.Sequences(6, seed: 3);
        var (apart, apartGradient) = LossAndGradient([.. sequences.Select(s => Row(s))]);
        var (packed, packedGradient) = LossAndGradient([
            Row(sequences[0], sequences[1]),
            Row(sequences[2]),
            Row(sequences[3], sequences[4], sequences[5]),
        ]);
        Assert.Equal(apart, packed, 1e-3);
        Assert.All(apartGradient.Zip(packedGradient), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
    }

    [Fact]
    public void Held_out_loss_is_the_mean_over_tokens_and_perplexity_its_exponential()
    {
        using var model = TinyModels.Language(1);
        var sequences = TinyData.Sequences(40, seed: 4);
        var logProbs = Training.Batches.AnswerLogProbs.Of(model, sequences);
        var expected = -logProbs.SelectMany(l => l).Sum(p => (double)p) / sequences.Sum(s => s.AnswerLength);
        var metrics = Sft.Evaluate(model, sequences);
        Assert.Equal(expected, metrics["eval_loss"], 1e-9);
        Assert.Equal(Math.Exp(expected), metrics["eval_perplexity"], 1e-9);
    }

    [Fact]
    public async Task Learns_a_tiny_task()
    {
        using var model = TinyModels.Language(1, noise: 0.05);
        // Answers that depend on the prompt: its tokens in reverse.
        PackedRow[] rows =
        [
            .. TinyData
                .Sequences(8, seed: 5)
                .Select(s => s.Tokens[..s.AnswerStart])
                .Select(p => Row(new TokenSequence([.. p, .. p.Reverse()], p.Length))),
        ];
        var observer = new RecordingObserver();
        using var loop = new TrainingLoop<PackedRow>(
            new Sft.Objective(model),
            new DatasetExperience<PackedRow>(rows, 8, epochs: 60),
            new Schedule(ScheduleKind.Linear, 1e-2, 0.1),
            new OptimiserOptions { MaxGradientNorm = 1 },
            new LoopOptions(8, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(1)), observer, CancellationToken.None);
        Assert.True(observer.Losses[0] > 2.5, $"the first loss is {observer.Losses[0]:f3}, about log 20");
        Assert.True(observer.Losses[^1] < 0.05, $"the last loss is {observer.Losses[^1]:f3}");
        Assert.Equal(1, observer.Updates[^1].Metrics["mean_token_accuracy"]);
    }

    [Theory]
    [InlineData(AdapterKind.Lora)]
    [InlineData(AdapterKind.Rslora)]
    public async Task An_adapter_learns_the_tiny_task_and_leaves_the_base_alone(AdapterKind kind)
    {
        using var model = TinyModels.Language(1, noise: 0.15);
        var before = TinyModels.WeightsOf(model);
        using var adapted = model.Adapted(
            new AdapterConfig
            {
                Kind = kind,
                Rank = 8,
                Alpha = 16,
            },
            new Seed(2)
        );
        PackedRow[] rows =
        [
            .. TinyData
                .Sequences(8, seed: 5)
                .Select(s => s.Tokens[..s.AnswerStart])
                .Select(p => Row(new TokenSequence([.. p, .. p.Reverse()], p.Length))),
        ];
        var observer = new RecordingObserver();
        using var loop = new TrainingLoop<PackedRow>(
            new Sft.Objective(adapted),
            new DatasetExperience<PackedRow>(rows, 8, epochs: 120),
            new Schedule(ScheduleKind.Linear, 1e-2, 0.1),
            new OptimiserOptions { MaxGradientNorm = 1 },
            new LoopOptions(8, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(1)), observer, CancellationToken.None);
        Assert.True(observer.Losses[0] > 2.5, $"the first loss is {observer.Losses[0]:f3}, about log 20");
        Assert.True(observer.Losses[^1] < 0.3, $"the last loss is {observer.Losses[^1]:f3}");
        Assert.Equal(before, TinyModels.WeightsOf(model));
    }

    private static PackedRow Row(params TokenSequence[] segments) => new([.. segments]);

    private static (double Loss, float[] Gradient) LossAndGradient(PackedRow[] rows)
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.Language(2);
        var gradient = model.Weights.AttachGradients();
        var loss = new Sft.Objective(model).Evaluate(rows).SummedLoss;
        loss.backward();
        return (loss.ToDouble(), TinyModels.Values(gradient));
    }
}
