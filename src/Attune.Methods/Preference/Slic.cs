using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Models.Architecture;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>Sequence likelihood calibration; without a reference model, as in the paper.</summary>
[Method(
    "slic",
    "SLiC",
    "calibrate the likelihood of preference pairs (SLiC)",
    Paper = "Zhao et al. 2023 (arXiv:2305.10425)",
    Example = "attune slic --model DIR --data preferences.jsonl --out runs/slic"
)]
public sealed record SlicOptions : IPairMethod
{
    [Description("margin of log-probability, in nats, above which a pair no longer adds to the loss")]
    [Range(0, 1e6)]
    public double Delta { get; init; } = 1;

    [Description(
        "weight of the chosen answer's negative log-likelihood, averaged over its tokens, which preserves fluency " + "(the paper's lambda)"
    )]
    [Range(0, 1000)]
    public double Lambda { get; init; } = 0.1;

    [Description("log-probability of an answer: the sum over its tokens or their average")]
    public LogProbReduction LogProbs { get; init; } = LogProbReduction.Summed;

    [Flatten]
    public PreferenceOptions Data { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } = new() { LearningRate = 1e-6 };

    public PairObjective Objective(LanguageModel policy, LanguageModel? reference) => new Slic.Objective(this, policy);
}

/// <summary>
/// SLiC-HF, Zhao et al. 2023 (arXiv:2305.10425): a hinge on the difference of log-probabilities, and a regulariser. The paper regularises
/// on the targets of fine-tuning; here the chosen answers are taken for them, which every preference file has.
/// </summary>
public static class Slic
{
    /// <summary>
    /// max(0, delta - beta margin), per pair. The paper's loss has beta 1 and the margin of plain log-probabilities; with log ratios and
    /// delta 1 it is TRL's hinge.
    /// </summary>
    /// <param name="margin">of the chosen over the rejected answer, [pairs], nats</param>
    /// <returns>[pairs]</returns>
    public static Tensor Loss(Tensor margin, double beta, double delta)
    {
        margin.Require([-1]);
        using var scope = NewDisposeScope();
        return (delta - beta * margin).relu().MoveToOuterDisposeScope();
    }

    public sealed class Objective(SlicOptions options, LanguageModel policy) : PairObjective(policy, null)
    {
        protected override bool UsesReference => false;

        protected override Tensor Loss(ScoredPairs pairs) =>
            Slic.Loss(Reward(pairs.Chosen) - Reward(pairs.Rejected), beta: 1, options.Delta) - options.Lambda * pairs.Chosen.MeanLogProbs;

        protected override Tensor Reward(ScoredAnswers answers) => answers.By(options.LogProbs).LogProbs;
    }
}
