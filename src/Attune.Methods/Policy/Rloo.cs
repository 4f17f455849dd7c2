using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Statistics;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using Attune.Training.Optimisation;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

/// <summary>REINFORCE with a leave-one-out baseline. Defaults are TRL's, with 4 answers a prompt instead of its 2.</summary>
[Method(
    "rloo",
    "RLOO",
    "align a model with a reward by RLOO: several answers a prompt, no value network",
    Paper = "Ahmadian et al. 2024 (arXiv:2402.14740)",
    Example = "attune rloo --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/rloo"
)]
public sealed record RlooOptions : IPolicyOptions, IHasPresets, IValidatableObject
{
    [Description("settings of another library: trl; other options override them")]
    public string? Preset { get; init; }

    [Description("normalise the round's advantages to mean 0 and standard deviation 1")]
    public bool NormalizeAdvantages { get; init; }

    [Flatten]
    public GroupOptions Group { get; init; } = new();

    [Flatten]
    public ClipOptions Clip { get; init; } = new();

    [Flatten]
    public KlOptions Kl { get; init; } = new();

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

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Group.Problems(Rollouts);

    public static ImmutableArray<Preset> Presets { get; } =
    [
        new("trl", "TRL's trainer (July 2026): 2 answers a prompt. Sizes are the user's.")
        {
            ["learning_rate"] = 1e-6,
            ["schedule"] = ScheduleKind.Linear,
            ["num_generations"] = 2,
            ["num_iterations"] = 1,
            ["clip_range"] = 0.2,
            ["kl_coefficient"] = 0.05,
            ["temperature"] = 1,
            ["max_new_tokens"] = 256,
            ["normalize_advantages"] = false,
        },
    ];
}

/// <summary>
/// REINFORCE leave-one-out (Ahmadian et al. 2024, arXiv:2402.14740; the estimator is Kool et al. 2019's): K answers to a prompt, each
/// compared with the mean of the others. The whole answer is one action, its reward the score less beta times its divergence.
/// </summary>
public static class Rloo
{
    /// <summary>R_i - mean of R_j, j != i: unbiased, as the baseline of an answer does not depend on it.</summary>
    /// <param name="rewards">Of the answers to one prompt.</param>
    public static double[] Advantages(ReadOnlySpan<double> rewards)
    {
        var sum = 0.0;
        foreach (var reward in rewards)
        {
            sum += reward;
        }

        var advantages = new double[rewards.Length];
        for (var i = 0; i < rewards.Length; i++)
        {
            advantages[i] = rewards[i] - (sum - rewards[i]) / (rewards.Length - 1);
        }

        return advantages;
    }

    /// <summary>
    /// -A pi(y) / pi_old(y), clipped as PPO's, per answer. On the weights that sampled, its gradient is REINFORCE's, -A grad log pi(y);
    /// the ratio corrects for minibatches and passes after the first.
    /// </summary>
    /// <param name="logProbs">of whole answers, [answers]</param>
    /// <param name="oldLogProbs">[answers]</param>
    /// <param name="advantages">[answers]</param>
    /// <param name="low">how far the ratio may fall below 1</param>
    /// <param name="high">how far it may rise above 1</param>
    /// <returns>[answers]</returns>
    public static Tensor Loss(Tensor logProbs, Tensor oldLogProbs, Tensor advantages, double low, double high) =>
        Surrogate.Clipped(logProbs, oldLogProbs, advantages, low, high);

    public sealed class Objective(RlooOptions options, LanguageModel policy) : IObjective<GroupItem>
    {
        /// <summary>What frozen layers gave when the experience computed it; null where no layers are frozen.</summary>
        public FrozenLayerCache? Shared { get; init; }

        public IReadOnlyList<FlatParameters> Learners { get; } = [policy.Learner];

        public double Weight(GroupItem item) => 1;

        public int Length(GroupItem item) => item.Sequence.Length;

        public ObjectiveValue Evaluate(IReadOnlyList<GroupItem> items)
        {
            var batch = new GroupBatch(items, policy, options.Sampling.Temperature, Shared);
            var (logProbs, old) = (batch.SumByAnswer(batch.LogProbs), batch.SumByAnswer(batch.OldLogProbs));
            var loss = Loss(logProbs, old, batch.Advantages, options.Clip.Low, options.Clip.High);
            var metrics = batch.Measure((logProbs - old).detach().exp(), loss, options.Clip);
            RolloutInvariants.RequireUnchanged(items.All(i => i.Unchanged), metrics);
            return new ObjectiveValue(loss.sum(), metrics);
        }
    }

    public sealed class Experience(RlooOptions options, RolloutContext context)
        : GroupExperience(options, options.Group, options.Kl, context)
    {
        /// <summary>The score less the price of its divergence.</summary>
        protected override double RewardOf(ScoredAnswer answer, double[] rewards) => rewards.Sum();

        protected override double[][] Advantages(double[][] groups)
        {
            double[][] advantages = [.. groups.Select(g => Rloo.Advantages(g))];
            if (options.NormalizeAdvantages)
            {
                Moments.StandardizeTogether(advantages);
            }

            return advantages;
        }
    }
}
