using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Methods.Policy;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Testing;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;
using Attune.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Policy;

/// <summary>
/// TRL 0.7.11's PPOTrainer, the last classic one, on frozen rollouts of stories260K with a value head (../shared/data/golden/ppo): three
/// steps a setting without resetting anything in between, step by step and minibatch by minibatch.
/// </summary>
public sealed class PpoGoldenTests
{
    [Theory]
    [InlineData("a_defaults_lr_1e-4")]
    [InlineData("b_fixed_kl_whiten_rewards_left_padding_lr_1e-4")]
    [InlineData("d_kl_abs")]
    [InlineData("e_minibatch_4_accumulate_4")]
    [InlineData("e_minibatch_4_no_accumulation_lr_1e-4")]
    [InlineData("h_two_shared_layers")]
    [InlineData("a_defaults")]
    public async Task Three_steps_equal_TRL(string name)
    {
        using var run = new ClassicRun(name);
        for (var step = 0; step < 3; step++)
        {
            await run.StepAsync(step);
        }
    }

    private sealed class ClassicRun : IDisposable
    {
        private readonly JsonElement _file;
        private readonly JsonElement _setting;
        private readonly PpoOptions _options;
        private readonly LanguageModel _policy;
        private readonly LanguageModel _reference;
        private readonly ValueFunction.SharedTrunk _value;
        private readonly Ppo.Experience _experience;
        private readonly Ppo.Objective _objective;
        private readonly AdamW _adam;
        private readonly FrozenRollouts _rollouts = new();
        private Progress _at = Progress.Start(new Seed(1));

        public ClassicRun(string name)
        {
            _file = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/ppo/trajectories.json"))).RootElement;
            _setting = _file.GetProperty("settings").GetProperty(name);
            _options = Translate(_setting.GetProperty("options"));
            _policy = Llama2CCheckpoint.Import(SharedData.Require("models/stories260K/stories260K.bin"));
            using (no_grad())
            using (NewDisposeScope())
            {
                var tokens = _policy.Weights.ExactOf("tokens");
                tokens[2].copy_(tokens[426]); // the end token, untrained in the published weights, begins as the full stop
            }

            _reference = _policy.Copy();
            _policy.Weights.Freeze(
                _setting.TryGetProperty("num_shared_layers", out var layers) && layers.ValueKind == JsonValueKind.Number
                    ? layers.GetInt32()
                    : 0
            );
            _value = Head(_file.GetProperty("model").GetProperty("v_head"));
            _experience = new Ppo.Experience(
                _options,
                new RolloutContext
                {
                    Policy = _policy,
                    Reference = _reference,
                    Prompts = new PromptPool([(new Prompt.Text("frozen"), [1])]),
                    Sampler = _rollouts,
                    Sampling = new SamplingOptions { EndToken = 2 },
                    Reward = _rollouts,
                }
            )
            {
                Value = _value,
            };
            _objective = new Ppo.Objective(_options, _policy, _value);
            _adam = new AdamW(_objective.Learners, new OptimiserOptions { MaxGradientNorm = _options.Training.MaxGradNorm });
        }

        public async Task StepAsync(int index)
        {
            var golden = _setting.GetProperty("steps")[index];
            _rollouts.Now = _file.GetProperty("batches").GetProperty(golden.GetProperty("batch").GetString()!);
            var round = (await _experience.NextAsync(_at, CancellationToken.None))!;
            _at = _at with { Round = _at.Round + 1, Items = _at.Items + round.Items };
            var items = InOrder(round);
            var stats = golden.GetProperty("stats_float64");
            Near(golden.GetProperty("kl_coef_before").GetDouble(), round.Measured["objective/kl_coef"], 1e-6);
            Near(golden.GetProperty("kl_coef_after").GetDouble(), _experience.State["kl_coef"], 1e-5);
            Near(stats.GetProperty("objective/entropy").GetDouble(), round.Measured["objective/entropy"], 2e-3);
            foreach (var row in golden.GetProperty("rows").EnumerateArray())
            {
                SameRow(row, items[row.GetProperty("row").GetInt32()], golden.GetProperty("float32_noise"));
            }

            Learn(golden, items);
            SameWeights(golden.GetProperty("weights_after"));
        }

        public void Dispose()
        {
            _adam.Dispose();
            _value.Dispose();
            _policy.Dispose();
            _reference.Dispose();
        }

        private void Learn(JsonElement golden, PpoItem[] items)
        {
            var options = _setting.GetProperty("options");
            var (size, accumulated) = (
                options.GetProperty("mini_batch_size").GetInt32(),
                options.GetProperty("gradient_accumulation_steps").GetInt32()
            );
            int[][] minibatches =
            [
                .. golden
                    .GetProperty("permutations")
                    .EnumerateArray()
                    .SelectMany(epoch => epoch.EnumerateArray().Select(i => i.GetInt32()).Chunk(size)),
            ];
            var expected = golden.GetProperty("minibatches").EnumerateArray().ToArray();
            var done = 0;
            foreach (var update in minibatches.Take(expected.Length).Chunk(accumulated))
            {
                foreach (var part in update)
                {
                    using var scope = NewDisposeScope();
                    PpoItem[] rows = [.. part.Select(i => items[i])];
                    var (loss, metrics) = _objective.Evaluate(rows);
                    (loss / (update.Length * rows.Sum(_objective.Weight))).backward();
                    if (update.Length > 1)
                    {
                        _adam.Gather();
                    }

                    SameMinibatch(expected[done++], metrics);
                }

                _at = _at with { Updates = _at.Updates + 1 };
                _adam.Step(_at.Updates, options.GetProperty("learning_rate").GetDouble());
            }
        }

        private static void SameMinibatch(JsonElement golden, Metrics metrics)
        {
            Near(golden.GetProperty("policy/approxkl").GetDouble(), metrics["policy/approxkl_avg"], 5e-3);
            Near(golden.GetProperty("policy/policykl").GetDouble(), metrics["policy/kl_avg"], 5e-3);
            Near(golden.GetProperty("policy/entropy").GetDouble(), metrics["policy/entropy_avg"], 2e-3);
            if (golden.GetProperty("loss/total").GetDouble() != 0) // skipped ones report 0
            {
                Near(golden.GetProperty("loss/policy").GetDouble(), metrics["loss/policy_avg"], 5e-3);
                Near(golden.GetProperty("loss/value").GetDouble(), metrics["loss/value_avg"], 5e-3);
            }
            else
            {
                Assert.Equal(1, metrics["policy/skipped"]);
            }
        }

        private void SameWeights(JsonElement golden)
        {
            using var quiet = no_grad();
            using var scope = NewDisposeScope();
            double Sum(Tensor weights) => weights.to(ScalarType.Float64).square().sum().ToDouble();
            void Same(string name, Tensor weights) => Near(golden.GetProperty(name).GetProperty("sumsq").GetDouble(), Sum(weights), 1e-4);
            Same("model.embed_tokens.weight", _policy.Weights.ExactOf("tokens"));
            Same("model.norm.weight", _policy.Weights.ExactOf("norm.weight"));
            Same("v_head.summary.weight", _value.Weights[0].ExactOf("score"));
            Same("v_head.summary.bias", _value.Weights[0].ExactOf("bias"));
        }

        private static void SameRow(JsonElement golden, PpoItem item, JsonElement noise)
        {
            Same("logprobs", item.OldLogProbs);
            Same("values", item.OldValues);
            Same("returns", item.Returns);
            Same("advantages", item.Advantages);

            void Same(string key, ImmutableArray<float> found)
            {
                double[] expected = [.. golden.GetProperty(key).EnumerateArray().Select(v => v.GetDouble())];
                Assert.Equal(expected.Length, found.Length);
                var tolerance = 30 * noise.GetProperty(key).GetDouble() + 5e-5;
                Assert.All(expected.Zip(found), pair => Assert.InRange(pair.Second - pair.First, -tolerance, tolerance));
            }
        }

        /// <summary>The first pass over the round, in the order of the frozen rollouts, without the mark of unchanged weights.</summary>
        private PpoItem[] InOrder(Round<PpoItem> round)
        {
            var bySequence = round
                .Updates.SelectMany(u => u)
                .DistinctBy(i => string.Join(' ', i.Sequence.Tokens))
                .ToDictionary(i => string.Join(' ', i.Sequence.Tokens));
            return [.. _rollouts.Sequences().Select(s => bySequence[string.Join(' ', s.Tokens)] with { Unchanged = false })];
        }

        private static PpoOptions Translate(JsonElement given)
        {
            double Number(string key) => given.GetProperty(key).GetDouble();
            return new PpoOptions
            {
                PpoEpochs = given.GetProperty("ppo_epochs").GetInt32(),
                Gamma = Number("gamma"),
                Lambda = Number("lam"),
                Clip = new() { ClipRange = Number("cliprange") },
                ValueClipRange = Number("cliprange_value"),
                ValueCoefficient = Number("vf_coef"),
                WhitenRewards = given.GetProperty("whiten_rewards").GetBoolean(),
                SampleVariance = true,
                MicrobatchMean = true,
                RatioThreshold = Number("ratio_threshold"),
                TargetKl = given.GetProperty("early_stopping").GetBoolean() ? Number("target_kl") : 0,
                Kl = new()
                {
                    KlCoefficient = Number("init_kl_coef"),
                    KlController = given.GetProperty("adap_kl_ctrl").GetBoolean() ? KlController.Adaptive : KlController.Fixed,
                    KlTarget = Number("target"),
                    KlHorizon = Number("horizon"),
                    KlEstimator = given.GetProperty("kl_penalty").GetString() switch
                    {
                        "kl" => KlEstimator.K1,
                        "mse" => KlEstimator.K2,
                        "abs" => KlEstimator.Abs,
                        _ => KlEstimator.Full,
                    },
                },
                Scores = new()
                {
                    ScoreClip = given.GetProperty("score_clip").ValueKind == JsonValueKind.Number ? Number("score_clip") : 0,
                    ScoreScaling =
                        !given.GetProperty("use_score_scaling").GetBoolean() ? ScoreScaling.None
                        : given.GetProperty("use_score_norm").GetBoolean() ? ScoreScaling.Standardize
                        : ScoreScaling.Deviation,
                },
                Rollouts = new() { TotalEpisodes = 48, RolloutBatchSize = 16 },
                Training = new PpoOptions().Training with { BatchSize = 16, MaxGradNorm = 0 },
            };
        }

        private static ValueFunction.SharedTrunk Head(JsonElement golden)
        {
            float[] weights = [.. golden.GetProperty("weight").EnumerateArray().Select(v => v.GetSingle())];
            var head = new ValueFunction.SharedTrunk(weights.Length);
            using var quiet = no_grad();
            using var scope = NewDisposeScope();
            head.Weights[0].ExactOf("score").copy_(tensor(weights).view(1, -1));
            head.Weights[0].ExactOf("bias").fill_(golden.GetProperty("bias").GetSingle());
            return head;
        }

        private static void Near(double expected, double actual, double tolerance) =>
            Assert.InRange(actual - expected, -tolerance * (1 + Math.Abs(expected)), tolerance * (1 + Math.Abs(expected)));
    }

    /// <summary>The golden's answers and scores in place of a sampler and a reward.</summary>
    private sealed class FrozenRollouts : ISampler, IReward
    {
        public JsonElement Now { get; set; }

        public string Name => "frozen";

        public IEnumerable<TokenSequence> Sequences() =>
            Now.GetProperty("queries")
                .EnumerateArray()
                .Zip(Now.GetProperty("responses").EnumerateArray(), (q, r) => new TokenSequence([.. Ids(q), .. Ids(r)], Ids(q).Length));

        public ValueTask UseWeightsAsync(LanguageModel policy, long version, CancellationToken cancel) => ValueTask.CompletedTask;

        public ValueTask<IReadOnlyList<Rollout>> SampleAsync(
            IReadOnlyList<SampleRequest> requests,
            SamplingOptions options,
            CancellationToken cancel
        ) =>
            ValueTask.FromResult<IReadOnlyList<Rollout>>([
                .. Sequences().Select(s => new Rollout(s, default, s.Tokens[^1] == 2 ? StopReason.EndToken : StopReason.Length, 0)),
            ]);

        public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel) =>
            ValueTask.FromResult<IReadOnlyList<Score>>([
                .. rollouts.Zip(Now.GetProperty("scores").EnumerateArray(), (r, s) => Score.Outcome(r, s.GetDouble(), Name)),
            ]);

        private static int[] Ids(JsonElement ids) => [.. ids.EnumerateArray().Select(i => i.GetInt32())];
    }
}
