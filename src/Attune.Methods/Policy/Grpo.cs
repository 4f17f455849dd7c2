using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

/// <summary>How token losses become one number.</summary>
public enum LossNormalization
{
    /// <summary>Mean over each answer's tokens, then over answers (Shao et al. 2024): a token of a long answer weighs less.</summary>
    Sequence,

    /// <summary>Mean over the minibatch's tokens (DAPO, Yu et al. 2025).</summary>
    Token,

    /// <summary>
    /// Mean over the tokens of each microbatch, then over microbatches (BNPO, as TRL has it): the only one that depends on
    /// <c>microbatch_size</c>.
    /// </summary>
    MicrobatchToken,

    /// <summary>Sum over the minibatch's tokens, divided by the mean number of tokens that the round's minibatches have.</summary>
    RoundToken,

    /// <summary>Sum over each answer's tokens divided by max_new_tokens, then mean over answers (Dr. GRPO, Liu et al. 2025).</summary>
    Constant,

    /// <summary>Sum over each answer's tokens, then mean over answers: with sequence ratios, a long answer weighs more (LUSPO).</summary>
    Sum,
}

/// <summary>Which rewards a token answers for.</summary>
public enum Supervision
{
    /// <summary>The answer's, all its marks added up (Shao et al. 2024, section 4.1.2).</summary>
    Outcome,

    /// <summary>The marks from it on, each normalised among all marks of the group (section 4.1.3).</summary>
    Process,
}

/// <summary>How several rewards become one advantage.</summary>
public enum RewardAggregation
{
    /// <summary>Their weighted sum is scaled.</summary>
    SumThenNormalize,

    /// <summary>Each is scaled by itself, then they are added with their weights and whitened over the round (GDPO).</summary>
    NormalizeThenSum,
}

/// <summary>Group relative policy optimisation. Defaults are the paper's but for sizes, which suit one machine.</summary>
[Method(
    "grpo",
    "GRPO",
    "align a model with a reward by GRPO: rewards normalised within the answers to a prompt",
    Paper = "Shao et al. 2024 (arXiv:2402.03300)",
    Example = "attune grpo --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/grpo"
)]
public sealed partial record GrpoOptions : IPolicyOptions, IValidatableObject
{
    [Description("settings of a paper: deepseekmath-2024, dr-grpo-2025, dapo-2025 or trl; other options override them")]
    public string? Preset { get; init; }

    [Description(
        "divisor of the centred rewards: the standard deviation of the group, of the round's rewards (batch) or of the round's centred "
            + "rewards (batch-centered), or none (Dr. GRPO)"
    )]
    public RewardScaling ScaleRewards { get; init; } = RewardScaling.Group;

    [Description("a token answers for the whole answer's reward (outcome), or for the step rewards from it on (process)")]
    public Supervision Supervision { get; init; } = Supervision.Outcome;

    [Description(
        "scale the weighted sum of several rewards (sum-then-normalize), or each before they are added (normalize-then-sum, GDPO)"
    )]
    public RewardAggregation RewardAggregation { get; init; } = RewardAggregation.SumThenNormalize;

    [Description("divide by the sample standard deviation plus 1e-4, as TRL does, instead of the population's")]
    public bool SampleDeviation { get; init; }

    [Description(
        "average token losses over each sequence (GRPO), over the tokens of a minibatch (token, DAPO), of a microbatch (BNPO) or of the "
            + "round's mean minibatch, divide their sum by a constant (Dr. GRPO), or sum them in each answer (LUSPO)"
    )]
    public LossNormalization LossNormalization { get; init; } = LossNormalization.Sequence;

    [Description("multiply the KL estimate by the probability ratio, which makes its gradient unbiased off-policy (DeepSeek-V3.2)")]
    public bool KlBiasCorrection { get; init; }

    [Flatten]
    public PolicyLossOptions Loss { get; init; } = new();

    [Flatten]
    public ClipOptions Clip { get; init; } = new();

    [Flatten]
    public GroupOptions Group { get; init; } = new() { NumGenerations = 8 };

    [Flatten]
    public TokenSelection Tokens { get; init; } = new();

    [Flatten]
    public SamplerCorrection Correction { get; init; } = new();

    [Flatten]
    public EntropyOptions Entropy { get; init; } = new();

    [Flatten]
    public KlOptions Kl { get; init; } =
        new()
        {
            KlCoefficient = 0.04,
            KlEstimator = KlEstimator.K3,
            KlPlacement = KlPlacement.Loss,
        };

    [Flatten]
    public RolloutOptions Rollouts { get; init; } = new();

    [Flatten]
    public AnswerSampling Sampling { get; init; } = new();

    [Flatten]
    public ScoreOptions Scores { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } =
        new()
        {
            LearningRate = 1e-6,
            BatchSize = 64,
            CheckpointEvery = 10,
        };

    /// <summary>
    /// Rewards divided by a deviation are another reward. In the reward k1 leads to the posterior; of the estimators in the loss k2's
    /// gradient alone is the divergence's.
    /// </summary>
    public double? PosteriorTemperature =>
        ScaleRewards == RewardScaling.None
        && Kl is { KlController: KlController.Fixed, Moves.SyncRefModel: false } kl
        && kl.KlEstimator == (kl.KlPlacement == KlPlacement.Loss ? KlEstimator.K2 : KlEstimator.K1)
            ? kl.KlCoefficient
            : null;

    public long UpdatesPerRound => Group.NumIterations * this.UpdatesPerPass();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Group.Problems(Rollouts).Concat(Kl.Problems());

    /// <summary>What group methods share.</summary>
    internal GroupSettings Groups => new(Group, Kl, Tokens, Correction, Entropy);
}

/// <summary>
/// Group relative policy optimisation (Shao et al. 2024, DeepSeekMath, arXiv:2402.03300): rewards normalised within the answers to one
/// prompt are the advantages of all their tokens, and the divergence from the reference stands in the loss, not in the reward. Its
/// family differs in the policy term (<see cref="GroupLoss"/>), in what rewards are divided by and in how tokens are averaged.
/// </summary>
public static class Grpo
{
    /// <summary>
    /// The divergence's estimate as a term of the loss: k3 = exp(x) - x - 1 with x = log pi_ref - log pi (eq. 4), or k2 = x^2 / 2. Over
    /// answers of the policy itself, the gradient of k2 is that of KL(pi || pi_ref); that of k3 is the gradient of KL(pi_ref || pi).
    /// </summary>
    /// <param name="logProbs">of the policy being trained, [tokens]</param>
    /// <param name="reference">log pi_ref, [tokens]</param>
    /// <returns>[tokens], nats</returns>
    public static Tensor Penalty(Tensor logProbs, Tensor reference, KlEstimator estimator)
    {
        reference.Require(logProbs.shape);
        using var scope = NewDisposeScope();
        var difference = reference - logProbs;
        return (estimator == KlEstimator.K2 ? difference.square() / 2 : difference.exp() - difference - 1).MoveToOuterDisposeScope();
    }

    /// <summary>Policy term plus beta times the divergence, weighted as the normalisation says and summed over answer tokens.</summary>
    public sealed class Objective(GrpoOptions options, LanguageModel policy) : IObjective<GroupItem>
    {
        /// <summary>What frozen layers gave when the experience computed it; null where no layers are frozen.</summary>
        public FrozenLayerCache? Shared { get; init; }

        public IReadOnlyList<FlatParameters> Learners { get; } = [policy.Learner];

        public double Weight(GroupItem item) => options.LossNormalization == LossNormalization.Token ? item.CountedTokens : 1;

        public int Length(GroupItem item) => item.Sequence.Length;

        public ObjectiveValue Evaluate(IReadOnlyList<GroupItem> items)
        {
            var batch = new GroupBatch(items, policy, options.Sampling.Temperature, Shared);
            var ratio = batch.Ratio(options.Loss.ImportanceLevel); // [tokens], as is everything below
            var (losses, clipped) = GroupLoss.Of(options.Loss, options.Clip, batch, ratio);
            losses = batch.Multipliers(options.Tokens.OffPolicyThreshold) is { } factors ? losses * factors : losses;
            var betas = tensor(items.Select(i => (float)i.Beta).ToArray());
            var divergence = Penalty(batch.LogProbs, batch.Reference, options.Kl.KlEstimator);
            losses += batch.ToTokens(betas) * (options.KlBiasCorrection ? divergence * ratio : divergence);
            var metrics = batch.Measure(ratio.detach(), clipped, losses);
            metrics.AddSum("kl", divergence.sum().ToDouble(), divergence.shape[0]);
            RolloutInvariants.RequireUnchanged(items, metrics, options.Loss.ImportanceLevel == ImportanceLevel.Sequence);
            var tokens = (double)items.Sum(i => i.CountedTokens);
            var shares = batch.PerToken((item, t) => item.Counts(t) ? Share(item, items.Count / Math.Max(1, tokens)) : 0);
            var loss = (losses * shares).sum();
            return new ObjectiveValue(batch.EntropyBonus() is { } bonus ? loss - bonus : loss, metrics);
        }

        /// <summary>What each counted token of the answer counts.</summary>
        /// <param name="ofMicrobatch">answers over counted tokens of the microbatch</param>
        private double Share(GroupItem item, double ofMicrobatch) =>
            options.LossNormalization switch
            {
                LossNormalization.Sequence => 1.0 / item.CountedTokens,
                LossNormalization.MicrobatchToken => ofMicrobatch,
                LossNormalization.RoundToken => 1.0 / item.RoundTokens,
                LossNormalization.Constant => 1.0 / options.Sampling.MaxNewTokens,
                _ => 1,
            };
    }

    public sealed class Experience(GrpoOptions options, RolloutContext context) : GroupExperience(options, options.Groups, context)
    {
        protected override double[][] Advantages(double[][] groups, IReadOnlyList<ScoredAnswer[]> answers) =>
            options.RewardAggregation == RewardAggregation.NormalizeThenSum && answers[0][0].Parts.Length > 1
                ? GroupAdvantages.OfParts(
                    [.. answers.Select(g => g.Select(a => a.Parts).ToArray())],
                    options.ScaleRewards,
                    options.SampleDeviation
                )
                : GroupAdvantages.Of(groups, options.ScaleRewards, options.SampleDeviation);

        protected override double[][]? TokenAdvantages(IReadOnlyList<ScoredAnswer[]> groups, double[][] rewards) =>
            options.Supervision == Supervision.Outcome
                ? null
                : GroupAdvantages.OfMarks(groups, options.ScaleRewards, options.SampleDeviation);

        protected override double Weight(int answers, int tokens) =>
            options.LossNormalization == LossNormalization.Token ? tokens : answers;
    }
}
