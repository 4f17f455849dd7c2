using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>How TPO tells the chosen answer from the rejected one.</summary>
public enum TpoLoss
{
    /// <summary>-log sigma(beta margin), of summed log-probabilities.</summary>
    Sigmoid,

    /// <summary>max(0, 1 - beta margin), of summed log-probabilities.</summary>
    Hinge,

    /// <summary>(margin - 1 / (2 beta))^2, of mean log-probabilities.</summary>
    Ipo,

    /// <summary>TPO-L: -log sigma(beta margin - gamma), of mean log-probabilities.</summary>
    TpoL,
}

/// <summary>Triple preference optimisation. Defaults are TRL's.</summary>
[Method(
    "tpo",
    "TPO",
    "imitate a gold answer and tell a better from a worse one, without a reference model (TPO)",
    Paper = "Saeidi et al. 2024 (arXiv:2405.16681)",
    Example = "attune tpo --model DIR --data triples.jsonl --out runs/tpo"
)]
public sealed record TpoOptions : IPairMethod, IValidatableObject
{
    [Description("loss on pairs: sigmoid or hinge of summed, tpo-l or ipo of mean log-probabilities")]
    public TpoLoss LossType { get; init; } = TpoLoss.Sigmoid;

    [Description("beta: how much reward a nat of log-probability is")]
    [Range(1e-6, 1e6)]
    public double Beta { get; init; } = 0.01;

    [Description("weight of the gold answers' negative log-likelihood (column reference); 0 for none")]
    [Range(0, 1000)]
    public double TpoAlpha { get; init; } = 1;

    [Description("loss tpo-l: target margin of reward between chosen and rejected answer (gamma)")]
    [Range(0, 1000)]
    public double TpoLGamma { get; init; } = 0.5;

    [Description("assumed share of wrong labels (sigmoid, tpo-l)")]
    [Range(0, 0.4999)]
    public double LabelSmoothing { get; init; }

    [Description("mean of the negative log-likelihood: over all gold tokens of the update (token, as TRL) or over each answer's (answer)")]
    public NllMean NllMean { get; init; } = NllMean.Token;

    [Flatten]
    public UpdateStatistics Statistics { get; init; } = new();

    [Flatten]
    public PreferenceOptions Data { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } = new() { LearningRate = 1e-6 };

    public PairObjective Objective(LanguageModel policy, LanguageModel? reference) => new Tpo.Objective(this, policy);

    public IReadOnlyList<PreferencePair> Prepare(IReadOnlyList<PreferencePair> update, LanguageModel policy, LanguageModel? reference) =>
        TpoAlpha == 0 || NllMean == NllMean.Answer ? update : Statistics.WithTokenShares(update, p => Tpo.Gold(p).AnswerLength);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Cpo.Problems(Tpo.Contrast(LossType), LabelSmoothing, "tpo-l");
}

/// <summary>
/// TPO, Saeidi et al. 2024 (arXiv:2405.16681): three answers to a prompt. The gold one is imitated, of the other two the better is told
/// from the worse; there is no reference model.
/// </summary>
public static class Tpo
{
    /// <summary>The contrast of <see cref="Cpo.Contrast"/> that a loss is.</summary>
    internal static CpoLoss Contrast(TpoLoss loss) =>
        loss switch
        {
            TpoLoss.Sigmoid => CpoLoss.Sigmoid,
            TpoLoss.Hinge => CpoLoss.Hinge,
            TpoLoss.Ipo => CpoLoss.Ipo,
            TpoLoss.TpoL => CpoLoss.Simpo,
            _ => throw new ArgumentOutOfRangeException(nameof(loss), loss, null),
        };

    internal static TokenSequence Gold(PreferencePair pair) =>
        pair.Pair.Gold
        ?? throw new DataException(
            "tpo needs a gold answer in each row, in the column reference beside prompt, chosen and rejected; a row has none. Add it, or "
                + "set tpo_alpha: 0."
        );

    public sealed class Objective(TpoOptions options, LanguageModel policy) : PairObjective(policy, null)
    {
        protected override bool UsesReference => false;

        public override int Length(PreferencePair item) =>
            options.TpoAlpha == 0 ? base.Length(item) : Math.Max(base.Length(item), Gold(item).Length);

        public override int Tokens(PreferencePair item) => base.Tokens(item) + (options.TpoAlpha == 0 ? 0 : Gold(item).Length);

        protected override Tensor Loss(ScoredPairs pairs)
        {
            var margin = Score(pairs.Chosen) - Score(pairs.Rejected);
            var contrast = Cpo.Contrast(margin, Tpo.Contrast(options.LossType), options.Beta, options.TpoLGamma, options.LabelSmoothing);
            return options.TpoAlpha == 0 ? contrast : contrast + options.TpoAlpha * Nll(pairs);
        }

        protected override Tensor Reward(ScoredAnswers answers) => options.Beta * Score(answers);

        protected override void Measure(Metrics metrics, ScoredPairs pairs)
        {
            if (options.TpoAlpha > 0)
            {
                metrics.AddSum("nll_loss", Nll(pairs).sum().ToDouble(), pairs.Items.Count);
            }
        }

        private Tensor Score(ScoredAnswers answers) => Cpo.LogProbs(answers, Tpo.Contrast(options.LossType));

        private Tensor Nll(ScoredPairs pairs)
        {
            TokenSequence[] gold = [.. pairs.Items.Select(Gold)];
            var (scored, _) = ScoredAnswers.Of(Policy, null, gold, [.. gold.Select(_ => (double?)0)]);
            return -pairs.Numbers(p => p.TokenShare) * scored.MeanLogProbs;
        }
    }
}
