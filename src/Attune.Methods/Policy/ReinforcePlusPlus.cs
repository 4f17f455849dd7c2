using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Statistics;
using Attune.Models.Architecture;
using Attune.Training.Batches;
using Attune.Training.Contracts;

namespace Attune.Methods.Policy;

/// <summary>REINFORCE++. Defaults are PPO's where the paper says that it takes PPO's.</summary>
[Method(
    "reinforce-plus-plus",
    "REINFORCE++",
    "align a model with a reward by REINFORCE++: PPO's loss, no value network, advantages normalised over the whole round",
    Paper = "Hu et al. 2025 (arXiv:2501.03262)",
    Example = "attune reinforce-plus-plus --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/reinforce"
)]
public sealed record ReinforcePlusPlusOptions : IPolicyOptions, IValidatableObject
{
    [Description("answers to each prompt; above 1 their mean is subtracted from each (REINFORCE++-baseline)")]
    [Range(1, 10_000)]
    public int NumGenerations { get; init; } = 1;

    [Description("passes over each round's answers")]
    [Range(1, 100)]
    public int NumIterations { get; init; } = 1;

    [Flatten]
    public ClipOptions Clip { get; init; } = new();

    [Flatten]
    public TokenSelection Tokens { get; init; } = new();

    [Flatten]
    public SamplerCorrection Correction { get; init; } = new();

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

    public long UpdatesPerRound => NumIterations * this.UpdatesPerPass();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        GroupOptions.Problems(Rollouts.RolloutBatchSize, NumGenerations).Concat(Kl.Problems());

    /// <summary>What group methods share.</summary>
    internal GroupSettings Groups =>
        new(new GroupOptions { NumGenerations = NumGenerations, NumIterations = NumIterations }, Kl, Tokens, Correction, Entropy);

    /// <summary>Its loss is GRPO's, averaged over tokens: what that reads of the options.</summary>
    internal GrpoOptions AsGrpo =>
        new()
        {
            Clip = Clip,
            LossNormalization = LossNormalization.Token,
            Tokens = Tokens,
            Kl = Kl,
            Sampling = Sampling,
        };
}

/// <summary>
/// REINFORCE++ (Hu et al. 2025, arXiv:2501.03262): the advantage of a token is what its answer earns from it on, score and price of
/// divergence together, brought to mean 0 and deviation 1 over all tokens of the round. Neither a value network nor other answers to the
/// prompt are needed.
/// </summary>
public static class ReinforcePlusPlus
{
    /// <summary>What each answer earns from each token on, less its prompt's mean where there are several answers, normalised.</summary>
    /// <param name="rewards">one array an answer, one number per answer token; answers to a prompt follow one another</param>
    /// <param name="answersPerPrompt">1 subtracts nothing</param>
    /// <returns>of the same shape</returns>
    public static double[][] Advantages(IReadOnlyList<double[]> rewards, int answersPerPrompt)
    {
        var advantages = ToCome(rewards, answersPerPrompt);
        Moments.StandardizeTogether(advantages);
        return advantages;
    }

    /// <summary>The same before it is normalised.</summary>
    private static double[][] ToCome(IReadOnlyList<double[]> rewards, int answersPerPrompt)
    {
        double[][] advantages = [.. rewards.Select(r => Numerics.Advantages.ToCome(r, gamma: 1))];
        if (answersPerPrompt > 1)
        {
            foreach (var group in advantages.Chunk(answersPerPrompt))
            {
                var mean = group.Average(a => a[0]);
                Array.ForEach(group, answer => Subtract(answer, mean));
            }
        }

        return advantages;
    }

    private static void Subtract(double[] values, double mean)
    {
        foreach (ref var value in values.AsSpan())
        {
            value -= mean;
        }
    }

    public static IObjective<GroupItem> Objective(
        ReinforcePlusPlusOptions options,
        LanguageModel policy,
        FrozenLayerCache? shared = null
    ) => new Grpo.Objective(options.AsGrpo, policy) { Shared = shared };

    public sealed class Experience(ReinforcePlusPlusOptions options, RolloutContext context)
        : GroupExperience(options, options.Groups, context)
    {
        /// <summary>Of the first token: for those who look at answers alone.</summary>
        protected override double[][] Advantages(double[][] groups, IReadOnlyList<ScoredAnswer[]> answers) =>
            GroupAdvantages.Of(groups, RewardScaling.None);

        protected override double[][] TokenAdvantages(IReadOnlyList<ScoredAnswer[]> groups, double[][] rewards) =>
            ReinforcePlusPlus.Advantages(rewards, options.NumGenerations);

        protected override IEnumerable<double> Unscaled(double[][] groups, IReadOnlyList<ScoredAnswer[]> answers, double[][] rewards) =>
            ToCome(rewards, options.NumGenerations).SelectMany(a => a);

        protected override double Weight(int answers, int tokens) => tokens;
    }
}
