using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Models.Architecture;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>Identity preference optimisation. <c>beta</c> is the paper's tau.</summary>
[Method(
    "ipo",
    "IPO",
    "learn from preference pairs directly (IPO)",
    Paper = "Azar et al. 2023 (arXiv:2310.12036)",
    Example = "attune ipo --model DIR --data preferences.jsonl --beta 0.1 --out runs/ipo"
)]
public sealed record IpoOptions : IPairMethod
{
    [Description(
        "log-probability of an answer: the sum over its tokens (the paper, OpenRLHF) or their average (TRL since "
            + "v0.8); the target margin, 1 / (2 beta), is in nats for each answer or for each token"
    )]
    public LogProbReduction LogProbs { get; init; } = LogProbReduction.Summed;

    [Description("beta: strength of the pull towards the reference, in reward for each nat of divergence")]
    [Range(1e-6, 1e6)]
    public double Beta { get; init; } = 0.1;

    [Flatten]
    public ReferenceOptions Reference { get; init; } = new();

    [Flatten]
    public PreferenceOptions Data { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } = new() { LearningRate = 1e-6 };

    public PairObjective Objective(LanguageModel policy, LanguageModel? reference) => new Ipo.Objective(this, policy, reference);
}

/// <summary>
/// Identity preference optimisation, Azar et al. 2023 (arXiv:2310.12036): maximises how often answers are preferred, not a Bradley-Terry
/// reward, less tau KL. The margin has a finite goal, 1 / (2 tau), so labels without noise do not drive it to infinity as in DPO.
/// </summary>
public static class Ipo
{
    /// <summary>(margin - 1 / (2 tau))^2, eq. 17, per pair.</summary>
    /// <param name="margin">log ratio of the chosen answer minus that of the rejected one, [pairs]: of summed log-probabilities in the
    /// paper, of averaged ones in TRL</param>
    /// <returns>[pairs], nats squared</returns>
    public static Tensor Loss(Tensor margin, double tau)
    {
        margin.Require([-1]);
        using var scope = NewDisposeScope();
        return (margin - 1 / (2 * tau)).square().MoveToOuterDisposeScope();
    }

    public sealed class Objective(IpoOptions options, LanguageModel policy, LanguageModel? reference) : PairObjective(policy, reference)
    {
        protected override Tensor Loss(ScoredPairs pairs) => Ipo.Loss(pairs.By(options.LogProbs).Margin, options.Beta);

        protected override Tensor Reward(ScoredAnswers answers) => options.Beta * answers.By(options.LogProbs).LogRatio;
    }
}
