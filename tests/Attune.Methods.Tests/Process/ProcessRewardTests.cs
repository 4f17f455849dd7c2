using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods.Process;
using Attune.Models.Architecture;
using Attune.Testing.Training;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training;
using Attune.Training.Experience;
using Attune.Training.Optimisation;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Process;

public sealed class ProcessRewardTests
{
    private static readonly ProcessRewardOptions Plain = new();

    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        // logits 0 and 1: log(1 + e) = 1.313262 for bad, 0.313262 for good; a label of one half has the mean of both.
        Assert.Equal(1.313262, Loss([0, 1], [1, 0]), 1e-6);
        Assert.Equal(0.313262, Loss([0, 1], [0, 1]), 1e-6);
        Assert.Equal(0.813262, Loss([0, 1], [0.5, 0.5]), 1e-6);
        // logits 0, 1 and 2: log(1 + e + e^2) = 2.407606
        Assert.Equal(1.407606, Loss([0, 1, 2], [0, 1, 0]), 1e-6);
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences() =>
        Gen.Select(Gen.Double[-4, 4], Gen.Double[-4, 4], Gen.Double[0, 1])
            .Array[1, 4]
            .Sample(
                steps =>
                    FiniteDifferences.Agree(
                        x =>
                            ProcessReward
                                .Loss(x.view(-1, 2), tensor(steps.SelectMany(s => new[] { 1 - s.Item3, s.Item3 }).ToArray()).view(-1, 2))
                                .sum(),
                        [.. steps.SelectMany(s => new[] { s.Item1, s.Item2 })]
                    ),
                iter: 20
            );

    [Fact]
    public void Law_only_the_difference_of_the_logits_counts() =>
        Gen.Select(Gen.Double[-5, 5], Gen.Double[-5, 5], Gen.Double[-9, 9])
            .Sample((a, b, shift) => Assert.Equal(Loss([a, b], [0, 1]), Loss([a + shift, b + shift], [0, 1]), 1e-9), iter: 50);

    [Theory]
    [InlineData(1, NeutralSteps.Good, "0 1")]
    [InlineData(-1, NeutralSteps.Good, "1 0")]
    [InlineData(0, NeutralSteps.Good, "0 1")]
    [InlineData(0, NeutralSteps.Bad, "1 0")]
    [InlineData(0, NeutralSteps.Ignored, "")]
    [InlineData(0.5, NeutralSteps.Good, "0.25 0.75")]
    public void Two_classes(double label, NeutralSteps neutral, string expected) =>
        Assert.Equal(expected, Shown(StepTargets.Probabilities(label, 2, neutral)));

    [Theory]
    [InlineData(1, "0 0 1")]
    [InlineData(0, "0 1 0")]
    [InlineData(-1, "1 0 0")]
    [InlineData(0.25, "0 0.75 0.25")]
    [InlineData(-0.25, "0.25 0.75 0")]
    public void Three_classes(double label, string expected) =>
        Assert.Equal(expected, Shown(StepTargets.Probabilities(label, 3, NeutralSteps.Good)));

    [Fact]
    public void Steps_are_learned_up_to_the_first_error()
    {
        var row = Row([1, 0, -1, 1]);
        Assert.Equal([2, 3, 4], Places(row, Plain));
        Assert.Equal([2, 3, 4, 5], Places(row, Plain with { UntilFirstError = false }));
        Assert.Equal([2, 4], Places(row, Plain with { Neutral = NeutralSteps.Ignored }));
        Assert.Equal([5], Places(row, Plain with { Supervise = StepSupervision.LastStep }));
    }

    [Fact]
    public void An_outcome_is_learned_at_every_token_of_the_solution()
    {
        var outcome = Plain with { Supervise = StepSupervision.Outcome };
        var item = StepTargets.Of(Row([1, -1]) with { Outcome = true }, outcome, out _)!;
        // The prompt has two tokens; the last step ends at the fourth, and the fifth and sixth belong to none.
        Assert.Equal([2, 3], item.Targets.Select(t => t.Position));
        Assert.All(item.Targets, t => Assert.Equal("0 1", Shown(t.Probabilities)));
        Assert.Null(StepTargets.Of(Row([1, -1]), outcome, out var reason));
        Assert.Equal("whether its answer is right is not known", reason);
    }

    [Fact]
    public void What_has_no_label_is_not_learned()
    {
        // TRL's first release took every token without a label for a right one.
        using var model = Model(1);
        var (one, other) = (Item([3, 4, 5, 6], 2, 1), Item([3, 4, 5, 7], 2, 1));
        using var scope = NewDisposeScope();
        var objective = new ProcessReward.Objective(model);
        Assert.Equal(1, objective.Weight(one));
        Assert.Equal(objective.Evaluate([one]).SummedLoss.ToDouble(), objective.Evaluate([other]).SummedLoss.ToDouble());
    }

    [Fact]
    public void Steps_are_read_where_they_end()
    {
        var encoder = new Encoder(BytePairTrainer.Train(["xyz"], 257, new SpecialTokens(null, "</s>", null)), ChatTemplates.ChatMl);
        var labels = new StepLabels(new Prompt.Text("?"), [new("a\u20AC", 1), new("b", -1)]);
        var joined = new StepEncoding("\n", Apart: false);
        // "?", "a", three bytes, the line end: 5; then "b"
        Assert.Equal([new(5, 1), new(6, -1)], joined.EncodeAll(encoder, [labels], 64).Items[0].Steps);
        // Apart, a separator follows the last step too.
        Assert.Equal([new(5, 1), new(7, -1)], (joined with { Apart = true }).EncodeAll(encoder, [labels], 64).Items[0].Steps);
    }

    [Fact]
    public void Steps_that_are_cut_off_are_counted_and_a_row_without_any_is_left_out()
    {
        var encoder = new Encoder(BytePairTrainer.Train(["xyz"], 257, new SpecialTokens(null, "</s>", null)), ChatTemplates.ChatMl);
        StepLabels[] rows =
        [
            new(new Prompt.Text("?"), [new("ab", 1), new("cd", -1)]) { Outcome = true },
            new(new Prompt.Text("?"), [new("abcdefgh", 1)]),
        ];
        var cut = 0;
        var data = new StepEncoding("\n", Apart: false).EncodeAll(encoder, rows, 5, n => cut += n);
        Assert.Equal([new(3, 1)], Assert.Single(data.Items).Steps);
        // What the cut part came to is not known of the part that is left.
        Assert.Null(data.Items[0].Outcome);
        Assert.Equal(5, data.Items[0].Sequence.Length);
        Assert.Equal(2, cut);
        Assert.Equal("no step ends within 5 tokens", Assert.Single(data.Dropped).Reason);
    }

    [Fact]
    public async Task Learns_a_tiny_task()
    {
        // A step is right where its last token is even.
        using var model = Model(1);
        StepItem[] items =
        [
            .. TinyData
                .Sequences(12, 5)
                .Select(s => new StepItem(
                    s,
                    [
                        .. Enumerable
                            .Range(s.AnswerStart, s.AnswerLength)
                            .Select(at => new StepTarget(
                                at,
                                StepTargets.Probabilities(s.Tokens[at] % 2 == 0 ? 1 : -1, 2, NeutralSteps.Good)
                            )),
                    ]
                )),
        ];
        var observer = new RecordingObserver();
        using var loop = new TrainingLoop<StepItem>(
            new ProcessReward.Objective(model),
            new DatasetExperience<StepItem>(items, items.Length, epochs: 60),
            new Schedule(ScheduleKind.Linear, 5e-3, 0.1),
            new OptimiserOptions { MaxGradientNorm = 1 },
            new LoopOptions(items.Length, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(1)), observer, TestContext.Current.CancellationToken);
        Assert.True(observer.Losses[^1] < 0.05, $"the loss went from {observer.Losses[0]:f3} to {observer.Losses[^1]:f3}");
        Assert.Equal(1, observer.Updates[^1].Metrics["accuracy"]);
    }

    internal static TokenClassifier Model(ulong seed, Models.Weights.Precision precision = Models.Weights.Precision.F32)
    {
        using var language = TinyModels.Language(seed, precision: precision);
        return new TokenClassifier(language, ["bad", "good"], new Seed(seed));
    }

    /// <summary>A step ends at each of the last tokens.</summary>
    private static StepItem Item(ImmutableArray<int> tokens, int position, double label) =>
        new(new TokenSequence(tokens, 1), [new StepTarget(position, StepTargets.Probabilities(label, 2, NeutralSteps.Good))]);

    /// <summary>A prompt of two tokens, then a token a step, and two that belong to none.</summary>
    private static StepSequence Row(double[] labels) =>
        new(
            new TokenSequence([.. Enumerable.Range(1, labels.Length + 4)], 2),
            [.. labels.Select((label, i) => new StepMark(2 + i, label))],
            null
        );

    private static int[] Places(StepSequence row, ProcessRewardOptions options) =>
        [.. StepTargets.Of(row, options, out _)!.Targets.Select(t => t.Position)];

    private static string Shown(ImmutableArray<float> probabilities) =>
        string.Join(' ', probabilities.Select(p => p.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    private static double Loss(double[] logits, double[] targets)
    {
        using var scope = NewDisposeScope();
        return ProcessReward.Loss(tensor(logits).view(1, -1), tensor(targets).view(1, -1)).ToDouble();
    }
}
