using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Methods.Reward;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Testing;
using Attune.Testing.Training;
using Attune.Text.Tokenizers;
using Attune.Training;
using Attune.Training.Batches;
using Attune.Training.Experience;
using Attune.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Reward;

/// <summary>
/// TRL 1.16's RewardTrainer on stories260K, ten steps of one batch of 32 pairs each. Its file says how it was made; weights drift apart by
/// the rounding of 32 bits, a little more with each step.
/// </summary>
public sealed class RewardGoldenTests
{
    // Relative, of figures above 1: of the first step, before any update, and of later ones.
    private const double First = 2e-5;
    private const double Later = 1e-3;

    [Theory]
    [InlineData("plain")]
    [InlineData("center_0.01")]
    [InlineData("margin_center_0.01")]
    public async Task Golden_ten_steps(string run)
    {
        var golden = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/trl-1.16/reward.json"))).RootElement;
        var steps = golden.GetProperty("runs").GetProperty(run);
        var set = steps.GetProperty("options");
        using var model = Model(golden);
        double[] margins = set.TryGetProperty("margin", out _)
            ? [.. golden.GetProperty("margins").EnumerateArray().Select(m => m.GetDouble())]
            : [];
        var pairs = Pairs(margins);
        Near(steps.GetProperty("first_step_rewards"), model, pairs);
        var options = new ComparisonOptions
        {
            CenterRewardsCoefficient = set.TryGetProperty("center_rewards_coefficient", out var c) ? c.GetDouble() : 0,
        };
        var observer = new RecordingObserver();
        using var loop = new TrainingLoop<TokenPair>(
            new BradleyTerry.Objective(model, options),
            new DatasetExperience<TokenPair>(pairs, pairs.Length, epochs: 10),
            new Schedule(ScheduleKind.Constant, 1e-3, 0),
            new OptimiserOptions { MaxGradientNorm = 1 },
            new LoopOptions(pairs.Length, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(1)), observer, TestContext.Current.CancellationToken);
        foreach (var (expected, update) in steps.GetProperty("steps").EnumerateArray().Zip(observer.Updates))
        {
            var tolerance = update == observer.Updates[0] ? First : Later;
            foreach (var name in (string[])["loss", "grad_norm", "min_reward", "mean_reward", "max_reward", "accuracy", "margin"])
            {
                var value = expected.GetProperty(name).GetDouble();
                Assert.Equal(value, update.Metrics[name], tolerance * Math.Max(1, Math.Abs(value)));
            }
        }

        Assert.Equal(10, observer.Updates.Count);
        var sum = steps.GetProperty("after_last_step").GetProperty("score.weight").GetProperty("sum").GetDouble();
        Assert.Equal(sum, model.Weights["score"].detach().sum().ToDouble(), 1e-3);
    }

    private static ScalarModel Model(JsonElement golden)
    {
        using var language = Llama2CCheckpoint.Import(SharedData.Require("models/stories260K/stories260K.bin"));
        var model = new ScalarModel(language, new Seed(1));
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var head = golden.GetProperty("score.weight")[0].EnumerateArray().Select(w => w.GetSingle()).ToArray();
        model.Weights["score"].copy_(tensor(head).view(1, -1));
        return model;
    }

    private static void Near(JsonElement rewards, ScalarModel model, ImmutableArray<TokenPair> pairs)
    {
        foreach (
            var (name, side) in new (string, Func<TokenPair, TokenSequence>)[] { ("chosen", p => p.Chosen), ("rejected", p => p.Rejected) }
        )
        {
            var actual = AnswerScores.Plain(model, [.. pairs.Select(side)]);
            Assert.All(
                rewards.GetProperty(name).EnumerateArray().Zip(actual),
                pair => Assert.Equal(pair.First.GetDouble(), pair.Second, 2e-5)
            );
        }
    }

    private static ImmutableArray<TokenPair> Pairs(double[] margins)
    {
        var tokenizer = TokenizerFiles.ImportLlama2C(SharedData.Require("models/stories260K/tok512.bin"), 512);
        TokenSequence Sequence(JsonElement row, string answer) =>
            new([1, .. tokenizer.Encode(row.GetProperty("prompt").GetString()! + row.GetProperty(answer).GetString()), 2], 1);
        return
        [
            .. File.ReadLines(SharedData.Require("golden/trl/pairs.jsonl"))
                .Select(line => JsonDocument.Parse(line).RootElement)
                .Select((row, i) => new TokenPair(Sequence(row, "chosen"), Sequence(row, "rejected"), margins.Length > 0 ? margins[i] : 0)),
        ];
    }
}
