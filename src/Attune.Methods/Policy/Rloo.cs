using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
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

    [Description("normalise by the sample standard deviation plus 1e-4, as TRL does, instead of the population's")]
    public bool SampleDeviation { get; init; }

    [Description("leave answers without an end token out of the loss; their rewards still count in their group")]
    public bool MaskTruncated { get; init; }

    [Flatten]
    public GroupOptions Group { get; init; } = new();

    [Flatten]
    public ClipOptions Clip { get; init; } = new();

    [Flatten]
    public EntropyOptions Entropy { get; init; } = new();

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

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Group.Problems(Rollouts).Concat(Kl.Problems());

    /// <summary>What group methods share; an answer that was cut keeps its place in the mean.</summary>
    internal GroupSettings Groups => new(Group, Kl, new TokenSelection { MaskTruncated = MaskTruncated }, new SamplerCorrection(), Entropy);

    public static ImmutableArray<Preset> Presets { get; } =
    [
        new("trl", "TRL's trainer (July 2026): 2 answers a prompt.", "Sizes of a run are the user's, there as here.")
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
            ["sample_deviation"] = true,
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
            var (logProbs, old) = (batch.SumOfCounted(batch.LogProbs), batch.SumOfCounted(batch.OldLogProbs));
            var ratio = (logProbs - old).exp(); // [answers]
            var loss = Surrogate.Clipped(ratio, batch.Advantages, options.Clip);
            if (options.Kl.KlPlacement == KlPlacement.Loss)
            {
                var betas = tensor(items.Select(i => (float)i.Beta).ToArray());
                loss += betas * batch.SumByAnswer(Grpo.Penalty(batch.LogProbs, batch.Reference, options.Kl.KlEstimator));
            }

            var metrics = batch.Measure(ratio.detach(), Surrogate.Binds(ratio, batch.Advantages, options.Clip), loss);
            RolloutInvariants.RequireUnchanged(items, metrics, ofAnswers: true);
            return new ObjectiveValue(batch.EntropyBonus() is { } bonus ? loss.sum() - bonus : loss.sum(), metrics);
        }
    }

    public sealed class Experience(RlooOptions options, RolloutContext context) : GroupExperience(options, options.Groups, context)
    {
        protected override double[][] Advantages(double[][] groups, IReadOnlyList<ScoredAnswer[]> answers)
        {
            double[][] advantages = [.. groups.Select(g => Rloo.Advantages(g))];
            if (options.NormalizeAdvantages)
            {
                GroupAdvantages.Whiten(advantages, options.SampleDeviation);
            }

            return advantages;
        }

        protected override IEnumerable<double> Unscaled(double[][] groups, IReadOnlyList<ScoredAnswer[]> answers, double[][] rewards) =>
            groups.SelectMany(g => Rloo.Advantages(g));
    }
}
