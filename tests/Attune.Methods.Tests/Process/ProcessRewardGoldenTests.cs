using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Methods.Process;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Testing;
using Attune.Testing.Training;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training;
using Attune.Training.Batches;
using Attune.Training.Experience;
using Attune.Training.Optimisation;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Process;

/// <summary>
/// TRL 1.8's process trainer on stories260K, ten steps of one batch of 12 solutions each: tokens, labels, the logits at the start, and
/// every step's loss and gradient norm. Its file says how it was made; weights drift apart by the rounding of 32 bits, a little more with
/// each step.
/// </summary>
public sealed class ProcessRewardGoldenTests
{
    // Relative, of figures above 1: of the first step, before any update, and of later ones.
    private const double First = 2e-5;
    private const double Later = 2e-3;

    [Theory]
    [InlineData("prm")]
    [InlineData("prm_separator_blank_line")]
    public async Task Golden_ten_steps(string name)
    {
        var golden = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/trl-1.16/prm.json"))).RootElement;
        var run = golden.GetProperty("runs").GetProperty(name);
        var options = Options(run.GetProperty("options"));
        using var model = Model(golden);
        var rows = Rows(golden, options);
        var items = rows.Select(row => StepTargets.Of(row, options, out _)!).ToArray();
        SameTokens(run.GetProperty("rows"), items);
        SameLogits(run.GetProperty("step_logits_at_start"), model, rows, items, options);
        var observer = new RecordingObserver();
        using var loop = new TrainingLoop<StepItem>(
            new ProcessReward.Objective(model),
            new DatasetExperience<StepItem>(items, items.Length, epochs: 10),
            new Schedule(ScheduleKind.Constant, 1e-3, 0),
            new OptimiserOptions { MaxGradientNorm = 1 },
            new LoopOptions(items.Length, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(1)), observer, TestContext.Current.CancellationToken);
        foreach (var (expected, update) in run.GetProperty("steps").EnumerateArray().Zip(observer.Updates))
        {
            var tolerance = update == observer.Updates[0] ? First : Later;
            foreach (var figure in (string[])["loss", "grad_norm"])
            {
                var value = expected.GetProperty(figure).GetDouble();
                Assert.Equal(value, update.Metrics[figure], tolerance * Math.Max(1, Math.Abs(value)));
            }
        }

        Assert.Equal(10, observer.Updates.Count);
        var after = run.GetProperty("score_after_last_step");
        Near(after.GetProperty("score.weight"), model.Weights["score"]);
        Near(after.GetProperty("score.bias"), model.Weights["score.bias"]);
    }

    private static ProcessRewardOptions Options(JsonElement set) =>
        new ProcessRewardOptions
        {
            Neutral = NeutralSteps.Bad,
            UntilFirstError = false,
            StepsApart = true,
            StepSeparator = set.TryGetProperty("step_separator", out var separator) ? separator.GetString()! : "\n",
            Supervise =
                set.TryGetProperty("train_on_last_step_only", out var last) && last.GetBoolean()
                    ? StepSupervision.LastStep
                    : StepSupervision.Steps,
        };

    private static StepSequence[] Rows(JsonElement golden, ProcessRewardOptions options)
    {
        var encoder = new Encoder(
            TokenizerFiles.ImportLlama2C(SharedData.Require("models/stories260K/tok512.bin"), 512),
            ChatTemplates.ChatMl
        );
        StepLabels[] labels =
        [
            .. golden
                .GetProperty("data")
                .EnumerateArray()
                .Select(row => new StepLabels(
                    new Prompt.Text(row.GetProperty("prompt").GetString()!),
                    [
                        .. row.GetProperty("completions")
                            .EnumerateArray()
                            .Zip(
                                row.GetProperty("labels").EnumerateArray(),
                                (step, label) => new ReasoningStep(step.GetString()!, label.GetBoolean() ? 1 : -1)
                            ),
                    ]
                )),
        ];
        return [.. options.Encoding.EncodeAll(encoder, labels, 512).Items];
    }

    private static void SameTokens(JsonElement rows, StepItem[] items)
    {
        Assert.Equal(rows.GetArrayLength(), items.Length);
        foreach (var (expected, item) in rows.EnumerateArray().Zip(items))
        {
            int[] ids = [.. expected.GetProperty("input_ids").EnumerateArray().Select(i => i.GetInt32())];
            Assert.Equal(ids, item.Sequence.Tokens);
            var labels = Enumerable.Repeat(-100, ids.Length).ToArray();
            foreach (var target in item.Targets)
            {
                labels[target.Position] = (int)target.Probabilities[1];
            }

            Assert.Equal(expected.GetProperty("labels").EnumerateArray().Select(l => l.GetInt32()), labels);
        }
    }

    private static void SameLogits(
        JsonElement expected,
        TokenClassifier model,
        StepSequence[] rows,
        StepItem[] items,
        ProcessRewardOptions options
    )
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        foreach (var (index, wanted) in expected.EnumerateArray().Index())
        {
            var batch = TokenBatch.Of([rows[index].Sequence]);
            long[] places = [.. items[index].Targets.Select(t => (long)t.Position)];
            var logits = model.LogitsOf(TokenBatch.At(model.Trunk.Hidden(batch.Tokens), tensor(places)));
            Assert.True(wanted.GetArrayLength() == places.Length, $"{options.Supervise}: {places.Length} steps");
            Near(wanted, logits, 2e-5);
        }
    }

    private static void Near(JsonElement expected, Tensor actual, double tolerance = 2e-4)
    {
        var values = TinyModels.Values(actual);
        var wanted = Flat(expected).ToArray();
        Assert.Equal(wanted.Length, values.Length);
        Assert.All(wanted.Zip(values), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }

    private static IEnumerable<float> Flat(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().SelectMany(Flat) : [value.GetSingle()];

    private static TokenClassifier Model(JsonElement golden)
    {
        using var language = Llama2CCheckpoint.Import(SharedData.Require("models/stories260K/stories260K.bin"));
        var model = new TokenClassifier(language, ["bad", "good"], new Seed(1));
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        model.Weights["score"].copy_(tensor(Flat(golden.GetProperty("score.weight")).ToArray()).view(2, -1));
        model.Weights["score.bias"].copy_(tensor(Flat(golden.GetProperty("score.bias")).ToArray()));
        return model;
    }
}
