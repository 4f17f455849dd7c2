using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Statistics;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

/// <summary>What a group's centred rewards are divided by.</summary>
public enum RewardScaling
{
    /// <summary>The group's standard deviation (Shao et al. 2024).</summary>
    Group,

    /// <summary>The standard deviation over the round's answers.</summary>
    Batch,

    /// <summary>Nothing (Dr. GRPO, Liu et al. 2025): dividing favours prompts whose answers are nearly all good or all bad.</summary>
    None,
}

/// <summary>How token losses become one number.</summary>
public enum LossNormalization
{
    /// <summary>Mean over each answer's tokens, then over answers (Shao et al. 2024): a token of a long answer weighs less.</summary>
    Sequence,

    /// <summary>Mean over the minibatch's tokens (DAPO, Yu et al. 2025).</summary>
    Token,

    /// <summary>Sum over each answer's tokens divided by max_new_tokens, then mean over answers (Dr. GRPO, Liu et al. 2025).</summary>
    Constant,
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

    [Description("divisor of the centred rewards: the standard deviation of the group or of the batch, or none (Dr. GRPO)")]
    public RewardScaling ScaleRewards { get; init; } = RewardScaling.Group;

    [Description("average token losses over each sequence (GRPO) or over all tokens (DAPO), or divide their sum by a constant (Dr. GRPO)")]
    public LossNormalization LossNormalization { get; init; } = LossNormalization.Sequence;

    [Flatten]
    public GroupOptions Group { get; init; } = new() { NumGenerations = 8 };

    [Flatten]
    public ClipOptions Clip { get; init; } = new();

    [Flatten]
    public KlOptions Kl { get; init; } = new() { KlCoefficient = 0.04, KlEstimator = KlEstimator.K3 };

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

    public long UpdatesPerRound => Group.NumIterations * this.UpdatesPerPass();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var problem in Group.Problems(Rollouts))
        {
            yield return problem;
        }

        if (Kl is { KlEstimator: KlEstimator.K1, KlCoefficient: > 0 })
        {
            yield return new ValidationResult(
                "kl_estimator is k1, whose gradient in a loss is 0 on average; expected k3 (the paper's) or k2.",
                [nameof(KlOptions.KlEstimator)]
            );
        }
    }
}

/// <summary>
/// Group relative policy optimisation (Shao et al. 2024, DeepSeekMath, arXiv:2402.03300): rewards normalised within the answers to one
/// prompt are the advantages of all their tokens, and the divergence from the reference stands in the loss, not in the reward.
/// </summary>
public static class Grpo
{
    /// <summary>(r - mean) / sd over the answers to one prompt; all 0 where they earned the same.</summary>
    public static double[] Advantages(ReadOnlySpan<double> rewards)
    {
        var advantages = Centred(rewards);
        Moments.Standardize(advantages);
        return advantages;
    }

    /// <summary>r - mean.</summary>
    public static double[] Centred(ReadOnlySpan<double> rewards)
    {
        var mean = Moments.Of(rewards).Mean;
        var centred = rewards.ToArray();
        foreach (ref var reward in centred.AsSpan())
        {
            reward -= mean;
        }

        return centred;
    }

    /// <summary>Clipped surrogate plus beta times an estimate of the divergence, per token (eq. 3 and 4 of the paper, as a loss).</summary>
    /// <param name="logProbs">of the policy being trained, [tokens]</param>
    /// <param name="oldLogProbs">of the policy that sampled, [tokens]</param>
    /// <param name="advantages">[tokens]</param>
    /// <param name="penalty">beta times <see cref="Penalty"/>, [tokens]</param>
    /// <param name="low">how far the ratio may fall below 1</param>
    /// <param name="high">how far it may rise above 1</param>
    /// <returns>[tokens]</returns>
    public static Tensor Loss(Tensor logProbs, Tensor oldLogProbs, Tensor advantages, Tensor penalty, double low, double high)
    {
        penalty.Require(logProbs.shape);
        using var scope = NewDisposeScope();
        return (Surrogate.Clipped(logProbs, oldLogProbs, advantages, low, high) + penalty).MoveToOuterDisposeScope();
    }

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

    public sealed class Objective(GrpoOptions options, LanguageModel policy) : IObjective<GroupItem>
    {
        /// <summary>What frozen layers gave when the experience computed it; null where no layers are frozen.</summary>
        public FrozenLayerCache? Shared { get; init; }

        public IReadOnlyList<FlatParameters> Learners { get; } = [policy.Learner];

        public double Weight(GroupItem item) => options.LossNormalization == LossNormalization.Token ? item.OldLogProbs.Length : 1;

        public int Length(GroupItem item) => item.Sequence.Length;

        public ObjectiveValue Evaluate(IReadOnlyList<GroupItem> items)
        {
            var batch = new GroupBatch(items, policy, options.Sampling.Temperature, Shared);
            var betas = tensor(items.Select(i => (float)i.Beta).ToArray());
            var divergence = Penalty(batch.LogProbs, batch.Reference, options.Kl.KlEstimator);
            var losses = Loss(
                batch.LogProbs,
                batch.OldLogProbs,
                batch.ToTokens(batch.Advantages),
                batch.ToTokens(betas) * divergence,
                options.Clip.Low,
                options.Clip.High
            );
            var metrics = batch.Measure((batch.LogProbs - batch.OldLogProbs).detach().exp(), losses, options.Clip);
            metrics.AddSum("kl", divergence.sum().ToDouble(), divergence.shape[0]);
            RolloutInvariants.RequireUnchanged(items.All(i => i.Unchanged), metrics);
            var shares = tensor(items.Select(i => (float)Share(i)).ToArray());
            return new ObjectiveValue((losses * batch.ToTokens(shares)).sum(), metrics);
        }

        /// <summary>What each token of the answer counts.</summary>
        private double Share(GroupItem item) =>
            options.LossNormalization switch
            {
                LossNormalization.Sequence => 1.0 / item.OldLogProbs.Length,
                LossNormalization.Constant => 1.0 / options.Sampling.MaxNewTokens,
                _ => 1,
            };
    }

    public sealed class Experience(GrpoOptions options, RolloutContext context)
        : GroupExperience(options, options.Group, options.Kl, context)
    {
        /// <summary>The score alone: the divergence is paid in the loss.</summary>
        protected override double RewardOf(ScoredAnswer answer, double[] rewards) => answer.Score;

        protected override double[][] Advantages(double[][] groups)
        {
            if (options.ScaleRewards == RewardScaling.Group)
            {
                return [.. groups.Select(g => Grpo.Advantages(g))];
            }

            double[][] advantages = [.. groups.Select(g => Centred(g))];
            if (options.ScaleRewards == RewardScaling.Batch)
            {
                Moments.StandardizeTogether(advantages);
            }

            return advantages;
        }
    }
}
