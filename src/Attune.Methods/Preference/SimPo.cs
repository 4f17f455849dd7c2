using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Models.Architecture;
using Attune.Numerics;
using Attune.Training.Optimisation;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>Simple preference optimisation. Defaults are those of the authors' code and of TRL.</summary>
[Method(
    "simpo",
    "SimPO",
    "learn from preference pairs without a reference model (SimPO)",
    Paper = "Meng et al. 2024 (arXiv:2405.14734)",
    Example = "attune simpo --model DIR --data preferences.jsonl --out runs/simpo"
)]
public sealed record SimPoOptions : IPairMethod, IHasPresets
{
    [Description("settings of a paper: simpo-2024; other options override them")]
    public string? Preset { get; init; }

    [Description("beta: the reward is beta times the mean log-probability of the answer's tokens")]
    [Range(1e-6, 1e6)]
    public double Beta { get; init; } = 2;

    [Description("gamma: target margin of reward between chosen and rejected answer")]
    [Range(0, 1000)]
    public double SimpoGamma { get; init; } = 0.5;

    [Flatten]
    public PreferenceOptions Data { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } = new() { LearningRate = 1e-6 };

    public static ImmutableArray<Preset> Presets { get; } =
    [
        new(
            "simpo-2024",
            "Meng et al. 2024, from the authors' code (training_configs/llama-3-8b-instruct-simpo.yaml at 15c4ff8): gamma "
                + "is 0.55 beta.",
            "It trains in bfloat16; here precision is the user's."
        )
        {
            ["beta"] = 2.5,
            ["simpo_gamma"] = 1.375,
            ["epochs"] = 1,
            ["learning_rate"] = 1e-6,
            ["schedule"] = ScheduleKind.Cosine,
            ["min_lr_rate"] = 0,
            ["warmup_ratio"] = 0.1,
            ["batch_size"] = 128,
            ["max_length"] = 2048,
        },
    ];

    public PairObjective Objective(LanguageModel policy, LanguageModel? reference) => new SimPo.Objective(this, policy);
}

/// <summary>
/// SimPO, Meng et al. 2024 (arXiv:2405.14734): no reference model; the reward is what decoding goes by, the mean log-probability a token,
/// and the chosen answer must lead by a margin. Nothing but early stopping keeps the policy near where it began.
/// </summary>
public static class SimPo
{
    /// <summary>-log sigma(beta (chosen - rejected) - gamma), eq. 6, per pair.</summary>
    /// <param name="chosen">log pi(y | x) / |y|, [pairs], nats a token</param>
    /// <param name="rejected">[pairs]</param>
    /// <returns>[pairs], nats</returns>
    public static Tensor Loss(Tensor chosen, Tensor rejected, double beta, double gamma)
    {
        chosen.Require([-1]);
        rejected.Require(chosen.shape);
        using var scope = NewDisposeScope();
        return (-nn.functional.logsigmoid(beta * (chosen - rejected) - gamma)).MoveToOuterDisposeScope();
    }

    public sealed class Objective(SimPoOptions options, LanguageModel policy) : PairObjective(policy, null)
    {
        protected override bool UsesReference => false;

        protected override Tensor Loss(ScoredPairs pairs) =>
            SimPo.Loss(pairs.Chosen.MeanLogProbs, pairs.Rejected.MeanLogProbs, options.Beta, options.SimpoGamma);

        protected override Tensor Reward(ScoredAnswers answers) => options.Beta * answers.MeanLogProbs;
    }
}
