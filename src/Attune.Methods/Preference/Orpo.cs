using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Numerics;
using Attune.Training.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>Which tokens ORPO imitates.</summary>
public enum OrpoLikelihood
{
    /// <summary>Those of the chosen answer, averaged over each answer.</summary>
    Answer,

    /// <summary>Those of prompt and chosen answer, averaged over all of the update (TRL).</summary>
    Text,
}

/// <summary>Odds-ratio preference optimisation. <c>beta</c> is the paper's lambda, under TRL's name.</summary>
[Method(
    "orpo",
    "ORPO",
    "imitate chosen answers and avoid rejected ones in one stage (ORPO)",
    Paper = "Hong et al. 2024 (arXiv:2403.07691)",
    Example = "attune orpo --model DIR --data preferences.jsonl --out runs/orpo"
)]
public sealed record OrpoOptions : IPairMethod
{
    [Description("weight of the odds-ratio loss relative to the likelihood of the chosen answer (the paper's lambda)")]
    [Range(0, 1000)]
    public double Beta { get; init; } = 0.1;

    [Description(
        "imitate the chosen answers, each averaged over its tokens (answer), or prompts too, averaged over all tokens (text, as TRL)"
    )]
    public OrpoLikelihood Likelihood { get; init; } = OrpoLikelihood.Answer;

    [Flatten]
    public UpdateStatistics Statistics { get; init; } = new();

    [Flatten]
    public PreferenceOptions Data { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } = new() { LearningRate = 8e-6 };

    public PairObjective Objective(LanguageModel policy, LanguageModel? reference) => new Orpo.Objective(this, policy);

    public IReadOnlyList<PreferencePair> Prepare(IReadOnlyList<PreferencePair> update, LanguageModel policy, LanguageModel? reference) =>
        Likelihood == OrpoLikelihood.Text
            ? Statistics.WithTokenShares(update, p => TokenBatch.Predicted(Orpo.Whole(p.Pair.Chosen)))
            : update;
}

/// <summary>
/// ORPO, Hong et al. 2024 (arXiv:2403.07691): fine-tuning on the chosen answers and a push away from the rejected ones in one stage,
/// without a reference model. odds(y) = P / (1 - P) with P = pi(y | x)^(1 / |y|).
/// </summary>
public static class Orpo
{
    // P = 1 to rounding would have infinite odds.
    private const double LargestMeanLogProb = -1e-6;

    /// <summary>
    /// Negative log-likelihood of the chosen answer a token, plus lambda times -log sigma of the log odds ratio, per pair.
    /// </summary>
    /// <param name="chosen">log pi(y | x) / |y|, [pairs], nats a token</param>
    /// <param name="rejected">[pairs]</param>
    /// <returns>[pairs], nats</returns>
    public static Tensor Loss(Tensor chosen, Tensor rejected, double lambda)
    {
        using var scope = NewDisposeScope();
        return (-chosen - lambda * nn.functional.logsigmoid(LogOddsRatio(chosen, rejected))).MoveToOuterDisposeScope();
    }

    /// <summary>log(odds(chosen) / odds(rejected)), per pair.</summary>
    /// <returns>[pairs], nats</returns>
    public static Tensor LogOddsRatio(Tensor chosen, Tensor rejected)
    {
        chosen.Require([-1]);
        rejected.Require(chosen.shape);
        using var scope = NewDisposeScope();
        return (LogOdds(chosen) - LogOdds(rejected)).MoveToOuterDisposeScope();
    }

    private static Tensor LogOdds(Tensor logProb)
    {
        var below = logProb.clamp(max: LargestMeanLogProb);
        return below - (-below.expm1()).log();
    }

    public sealed class Objective(OrpoOptions options, LanguageModel policy) : PairObjective(policy, null)
    {
        protected override bool UsesReference => false;

        protected override Tensor Loss(ScoredPairs pairs)
        {
            var loss = Orpo.Loss(pairs.Chosen.MeanLogProbs, pairs.Rejected.MeanLogProbs, options.Beta);
            return options.Likelihood == OrpoLikelihood.Answer ? loss : loss + pairs.Chosen.MeanLogProbs + TextNll(pairs);
        }

        protected override Tensor Reward(ScoredAnswers answers) => options.Beta * answers.MeanLogProbs;

        protected override void Measure(Metrics metrics, ScoredPairs pairs)
        {
            var (chosen, count) = (pairs.Chosen.MeanLogProbs, pairs.Chosen.LogProbs.shape[0]);
            var odds = LogOddsRatio(chosen, pairs.Rejected.MeanLogProbs);
            var nll = options.Likelihood == OrpoLikelihood.Answer ? -chosen : TextNll(pairs);
            metrics.AddSum("nll_loss", nll.sum().ToDouble(), count);
            metrics.AddSum("log_odds_chosen", odds.sum().ToDouble(), count);
            metrics.AddSum("log_odds_ratio", nn.functional.logsigmoid(odds).sum().ToDouble(), count);
        }

        private Tensor TextNll(ScoredPairs pairs)
        {
            TokenSequence[] texts = [.. pairs.Items.Select(p => Whole(p.Pair.Chosen))];
            var (scored, _) = ScoredAnswers.Of(Policy, null, texts, [.. texts.Select(_ => (double?)0)]);
            return -pairs.Numbers(p => p.TokenShare) * scored.MeanLogProbs;
        }
    }

    /// <summary>A text with its prompt, to be imitated whole.</summary>
    internal static TokenSequence Whole(TokenSequence sequence) => sequence with { AnswerStart = 1 };
}
