using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Rollouts;
using Attune.Core.Tokens;
using Attune.Methods.Policy;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Testing;
using Attune.Training.Contracts;
using Attune.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Policy;

/// <summary>
/// TRL 1.16's own losses on one frozen rollout of stories260K (../shared/data/golden/trl-1.16/grpo_cases.json): every case by the
/// settings that mean the same here. TRL's options are translated by name; one that is not known fails the test.
/// </summary>
public sealed class GrpoGoldenTests
{
    public static TheoryData<string> Cases { get; } =
    [
        "base_grpo",
        "bnpo",
        "dapo",
        "cispo_eps_high_1.28",
        "sapo",
        "luspo_sequence",
        "vespo",
        "gspo_grpo_sequence",
        "beta_bias_corrected",
        "beta_plain",
        "delta_1.5",
        "mask_truncated_grpo",
        "mask_truncated_dapo",
        "top_entropy_0.2",
        "off_policy_mask_0.1",
        "sampler_token_truncate",
        "sampler_sequence_mask",
        "sampler_default_dapo",
        "scale_batch",
        "scale_none",
        "entropy_bonus",
        "two_rewards_sum_then_normalize",
        "gdpo_normalize_then_sum",
        "on_policy_old_absent",
        "loss_token_mask",
        "accumulate_2_grpo",
        "accumulate_2_dapo",
        "gmpo",
        "dr_grpo",
        "dapo_sequence",
        "beta_sequence_bias_corrected",
        "delta_1.5_dapo",
        "mask_truncated_dr_grpo",
        "sampler_token_mask",
        "two_rewards_batch_scale",
        "accumulate_2_bnpo",
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Grpo_equals_TRL(string name) => Compare(name);

    [Theory]
    [InlineData("rloo_default")]
    [InlineData("rloo_no_kl")]
    [InlineData("rloo_normalized")]
    public void Rloo_equals_TRL(string name) => Compare(name);

    /// <summary>Its values come from the case's own rewards, four answers a prompt as if the reference had given them.</summary>
    [Fact]
    public void APO_equals_TRL()
    {
        using var scope = NewDisposeScope();
        var golden = new Golden("a2po");
        using var model = Llama2CCheckpoint.Import(SharedData.Require("models/stories260K/stories260K.bin"));
        model.Learner.AttachGradients();
        var options = new AStarPoOptions { Beta1 = golden.Option("beta1", double.NaN), Beta2 = golden.Option("beta2", double.NaN) };
        double[][] rewards = [.. golden.Overridden("reward").Chunk(4)];
        double[] values = [.. rewards.Select(r => AStarPo.OptimalValue(r, options.Beta1))];
        Near(golden.Numbers("v_star"), values, 1e-6);
        double[] advantages = [.. rewards.SelectMany((group, i) => group.Select(r => r - values[i]))];
        var objective = new AStarPo.Objective(options, model);
        var items = golden.Items(advantages, "rloo_old_logps");
        Near([golden.Number("loss")], [Backward(objective, items, golden.Microbatches())], 2e-5);
        var norm = model.Learner.Gradients!.square().sum().sqrt().ToDouble();
        Assert.InRange(norm / golden.Number("grad_norm"), 1 - 5e-4, 1 + 5e-4);
        var metrics = objective.Evaluate(items).Metrics;
        Near(
            [golden.Metric("implicit_reward"), golden.Metric("advantage")],
            [metrics["policy/implicit_reward"], metrics["policy/optimal_advantage"]],
            2e-5
        );
    }

    private static void Compare(string name)
    {
        using var scope = NewDisposeScope();
        var golden = new Golden(name);
        using var model = Llama2CCheckpoint.Import(SharedData.Require("models/stories260K/stories260K.bin"));
        using var adam = new AdamW([model.Learner], new OptimiserOptions { MaxGradientNorm = 1 });
        var advantages = golden.Advantages();
        Near(golden.Numbers("advantages"), advantages, 2e-5);
        var objective = golden.Objective(model);
        var items = golden.Items(advantages);
        var loss = Backward(objective, items, golden.Microbatches());
        Near([golden.Number("loss")], [loss], 2e-5);
        var norm = model.Learner.Gradients!.square().sum().sqrt().ToDouble();
        Assert.InRange(norm / golden.Number("grad_norm"), 1 - 5e-4, 1 + 5e-4);
        if (golden.After is { } after)
        {
            adam.Step(1, 1e-3);
            using var quiet = no_grad();
            Near([after], [objective.Evaluate(items).SummedLoss.ToDouble() / items.Sum(objective.Weight)], 2e-4);
        }
    }

    private static double Backward(IObjective<GroupItem> objective, GroupItem[] items, int[][] microbatches)
    {
        var (total, loss) = (items.Sum(objective.Weight), 0.0);
        foreach (var part in microbatches)
        {
            using var scope = NewDisposeScope();
            var share = objective.Evaluate([.. part.Select(i => items[i])]).SummedLoss / total;
            share.backward();
            loss += share.ToDouble();
        }

        return loss;
    }

    private static void Near(IReadOnlyList<double> expected, IReadOnlyList<double> actual, double tolerance) =>
        Assert.All(
            expected.Zip(actual),
            pair =>
                Assert.InRange(
                    pair.Second,
                    pair.First - tolerance * (1 + Math.Abs(pair.First)),
                    pair.First + tolerance * (1 + Math.Abs(pair.First))
                )
        );

    /// <summary>A case of the file with the rollout that all share.</summary>
    private sealed class Golden
    {
        private readonly JsonElement _case;
        private readonly JsonElement _options;
        private readonly JsonElement[] _rows;
        private readonly bool _rloo;
        private readonly Dictionary<string, JsonElement> _given;

        public Golden(string name)
        {
            var file = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/trl-1.16/grpo_cases.json"))).RootElement;
            _rows = [.. file.GetProperty("rows").EnumerateArray()];
            _case = file.GetProperty("cases").GetProperty(name);
            _options = _case.GetProperty("options");
            _rloo = Text("trainer") == "RLOOTrainer";
            _given = _options.EnumerateObject().ToDictionary(o => o.Name, o => o.Value);
        }

        public double? After => _case.TryGetProperty("loss_after_step", out var value) ? value.GetDouble() : null;

        public double Number(string key) => _case.GetProperty(key).GetDouble();

        public double[] Numbers(string key) => [.. _case.GetProperty(key).EnumerateArray().Select(v => v.GetDouble())];

        public int[][] Microbatches() =>
            _case.TryGetProperty("micro_batches", out var parts)
                ? [.. parts.EnumerateArray().Select(p => p.EnumerateArray().Select(i => i.GetInt32()).ToArray())]
                :
                [
                    [.. Enumerable.Range(0, _rows.Length)],
                ];

        public double[] Advantages()
        {
            var weights = _given.TryGetValue("reward_weights", out var given)
                ? given.EnumerateArray().Select(w => w.GetDouble()).ToArray()
                : [1, 1];
            string[] used = [.. _case.GetProperty("rewards_used").EnumerateArray().Select(r => r.GetString()!)];
            double[] rewards = [.. _rows.Select(r => used.Select((key, i) => weights[i] * r.GetProperty(key).GetDouble()).Sum())];
            if (_rloo)
            {
                var beta = Option("beta", 0.05);
                rewards =
                [
                    .. rewards.Zip(
                        _rows,
                        (r, row) => r - beta * Row(row, "rloo_old_logps").Zip(Row(row, "ref_logps"), (o, f) => (double)o - f).Sum()
                    ),
                ];
            }

            if (Is("multi_objective_aggregation", "normalize_then_sum"))
            {
                var parts = _rows.Select(r =>
                    used.Select((key, i) => new RewardPart(key, r.GetProperty(key).GetDouble(), weights[i])).ToImmutableArray()
                );
                return [.. GroupAdvantages.OfParts([.. parts.Chunk(4)], Scaling, sample: true).SelectMany(g => g)];
            }

            double[][] groups = [.. rewards.Chunk(4)];
            if (!_rloo)
            {
                return [.. GroupAdvantages.Of(groups, Scaling, sample: true).SelectMany(g => g)];
            }

            double[][] centred = [.. groups.Select(g => Rloo.Advantages(g))];
            if (_given.TryGetValue("normalize_advantages", out var normalise) && normalise.GetBoolean())
            {
                GroupAdvantages.Whiten(centred, sample: true);
            }

            return [.. centred.SelectMany(g => g)];
        }

        public IObjective<GroupItem> Objective(LanguageModel model) =>
            _rloo ? new Rloo.Objective(new RlooOptions { Clip = Clip }, model) : new Grpo.Objective(Settings, model);

        private ClipOptions Clip =>
            new()
            {
                ClipRange = Option("epsilon", 0.2),
                ClipRangeHigh = Option("epsilon_high", Option("epsilon", 0.2)) - (Is("loss_type", "cispo") ? 1 : 0),
                DualClip = _given.TryGetValue("delta", out var delta) ? delta.GetDouble() : null,
            };

        private GrpoOptions Settings =>
            new()
            {
                Clip = Clip,
                LossNormalization = _given.TryGetValue("loss_type", out var type)
                    ? Normalisation(type.GetString()!)
                    : LossNormalization.Sequence,
                KlBiasCorrection =
                    Text("trainer") != "GMPOTrainer"
                    && (!_given.TryGetValue("use_bias_correction_kl", out var corrected) || corrected.GetBoolean()),
                Loss = new()
                {
                    PolicyLoss =
                        Text("trainer") == "GMPOTrainer" ? PolicyLoss.Gmpo
                        : Is("loss_type", "cispo") ? PolicyLoss.Cispo
                        : Is("loss_type", "sapo") ? PolicyLoss.Sapo
                        : Is("loss_type", "vespo") ? PolicyLoss.Vespo
                        : PolicyLoss.Clip,
                    ImportanceLevel = Is("importance_sampling_level", "sequence") ? ImportanceLevel.Sequence : ImportanceLevel.Token,
                },
                Tokens = new() { OffPolicyThreshold = Option("off_policy_mask_threshold", 0) },
                Sampling = new() { MaxNewTokens = (int)Option("max_completion_length", 64) },
            };

        private static LossNormalization Normalisation(string type) =>
            type switch
            {
                "grpo" or "sapo" => LossNormalization.Sequence,
                "dapo" or "cispo" or "vespo" => LossNormalization.Token,
                "bnpo" => LossNormalization.MicrobatchToken,
                "dr_grpo" => LossNormalization.Constant,
                "luspo" => LossNormalization.Sum,
                _ => throw new NotSupportedException(type),
            };

        private RewardScaling Scaling =>
            !_given.TryGetValue("scale_rewards", out var scale) ? RewardScaling.Group
            : scale.GetString() == "batch" ? RewardScaling.Batch
            : scale.GetString() == "none" ? RewardScaling.None
            : RewardScaling.Group;

        public double Metric(string name) => _case.GetProperty("metrics").GetProperty(name).GetDouble();

        public double[] Overridden(string reward) =>
            [.. _case.GetProperty("rewards_override").GetProperty(reward).EnumerateArray().Select(v => v.GetDouble())];

        /// <param name="reference">Which of a row's log-probabilities stand for the reference's.</param>
        public GroupItem[] Items(double[] advantages, string reference = "ref_logps")
        {
            var correction = Correction;
            var items = _rows.Select((row, i) => Item(row, i, advantages[i], correction, reference)).ToArray();
            var kept = TopEntropy.Kept(
                [.. items.Zip(_rows, (item, row) => (item, Row(row, "current_entropies")))],
                Option("top_entropy_quantile", 1)
            );
            double chosen = kept.IsDefault ? items.Sum(i => i.CountedTokens) : kept.Sum(k => k.Count(t => t));
            var weight = Settings.LossNormalization == LossNormalization.Token ? items.Sum(i => i.CountedTokens) : items.Length;
            return
            [
                .. items.Select(
                    (item, i) =>
                        item with
                        {
                            Kept = kept.IsDefault ? default : kept[i],
                            EntropyCoefficient = Option("entropy_coef", 0),
                            EntropyShare = weight / chosen,
                        }
                ),
            ];
        }

        private GroupItem Item(JsonElement row, int index, double advantage, SamplerCorrection? correction, string reference)
        {
            int[] prompt = [.. row.GetProperty("prompt_ids").EnumerateArray().Select(t => t.GetInt32())];
            int[] answer = [.. row.GetProperty("completion_ids").EnumerateArray().Select(t => t.GetInt32())];
            var old = Row(row, _rloo ? "rloo_old_logps" : "old_logps");
            if (_case.TryGetProperty("old_logps_used", out var used) && used.ValueKind == JsonValueKind.String)
            {
                old = Row(row, "current_logps");
            }

            var sampler = Row(row, "sampler_logps");
            var cut = !row.GetProperty("ended").GetBoolean();
            return new GroupItem(
                new TokenSequence([.. prompt, .. answer], prompt.Length),
                [.. old],
                [.. Row(row, reference)],
                advantage,
                _rloo ? 0 : Option("beta", 0)
            )
            {
                Counted =
                    _case.TryGetProperty("loss_token_mask", out var mask)
                        ?
                        [
                            .. mask[index]
                                .EnumerateArray()
                                .Select(m => m.ValueKind == JsonValueKind.Number ? m.GetDouble() != 0 : m.GetBoolean()),
                        ]
                    : _given.TryGetValue("mask_truncated_completions", out var masked) && masked.GetBoolean() && cut
                        ? [.. answer.Select(_ => false)]
                    : default,
                SamplerLogProbs = correction is null ? default : [.. sampler],
                SamplerRatios = correction is null ? default : [.. correction.Ratios(old, sampler)],
            };
        }

        private SamplerCorrection? Correction =>
            !_case.TryGetProperty("sampler_logps_used", out _)
                ? null
                : new()
                {
                    SamplerRatioMax = Option("vllm_importance_sampling_clip_max", 3),
                    SamplerRatioMin = Option("vllm_importance_sampling_clip_min", 0),
                    SamplerCorrectionMode = (
                        _given.TryGetValue("vllm_importance_sampling_mode", out var mode) ? mode.GetString() : "sequence_mask"
                    ) switch
                    {
                        "token_truncate" => SamplerCorrectionMode.TokenTruncate,
                        "token_mask" => SamplerCorrectionMode.TokenMask,
                        "sequence_truncate" => SamplerCorrectionMode.SequenceTruncate,
                        _ => SamplerCorrectionMode.SequenceMask,
                    },
                };

        private string Text(string key) => _case.GetProperty(key).GetString()!;

        private bool Is(string option, string value) => _given.TryGetValue(option, out var given) && given.GetString() == value;

        public double Option(string key, double otherwise) =>
            _given.TryGetValue(key, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : otherwise;

        private static float[] Row(JsonElement row, string key) => [.. row.GetProperty(key).EnumerateArray().Select(v => v.GetSingle())];
    }
}
