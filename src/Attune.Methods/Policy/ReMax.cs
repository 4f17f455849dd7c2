using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Training.Batches;
using Attune.Training.Contracts;

namespace Attune.Methods.Policy;

/// <summary>ReMax. Sizes and rates are REINFORCE++'s.</summary>
[Method(
    "remax",
    "ReMax",
    "align a model with a reward by ReMax: REINFORCE with the greedy answer's reward as its baseline, no value network",
    Paper = "Li et al. 2023 (arXiv:2310.10505)",
    Example = "attune remax --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/remax"
)]
public sealed record ReMaxOptions : IPolicyOptions, IValidatableObject
{
    [Description("answers to each prompt, beside its greedy one")]
    [Range(1, 10_000)]
    public int NumGenerations { get; init; } = 1;

    [Description("passes over each round's answers; the paper's is 1")]
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

    /// <summary>Its loss is GRPO's, summed over each answer's tokens: what that reads of the options.</summary>
    internal GrpoOptions AsGrpo =>
        new()
        {
            Clip = Clip,
            LossNormalization = LossNormalization.Sum,
            Tokens = Tokens,
            Kl = Kl,
            Sampling = Sampling,
        };
}

/// <summary>
/// ReMax (Li et al. 2023, arXiv:2310.10505): REINFORCE whose baseline is the reward of the answer that the policy finds likeliest, token
/// by token, to the same prompt. It depends on the prompt alone, so the gradient stays unbiased, and it needs neither a value network nor
/// other sampled answers.
/// </summary>
public static class ReMax
{
    /// <summary>What an answer earns from each token on, less what the greedy answer scored.</summary>
    /// <param name="rewards">of the answer's tokens: marks, less the price of divergence where that is paid in the reward</param>
    /// <param name="greedy">score of the greedy answer, without that price, as in the authors' code</param>
    /// <returns>one number per answer token</returns>
    public static double[] Advantages(double[] rewards, double greedy) =>
        Array.ConvertAll(Numerics.Advantages.ToCome(rewards, gamma: 1), toCome => toCome - greedy);

    public static IObjective<GroupItem> Objective(ReMaxOptions options, LanguageModel policy, FrozenLayerCache? shared = null) =>
        new Grpo.Objective(options.AsGrpo, policy) { Shared = shared };

    public sealed class Experience(ReMaxOptions options, RolloutContext context) : GroupExperience(options, options.Groups, context)
    {
        private readonly RolloutContext _context = context;

        /// <summary>Scores of the greedy answers to the prompts; nothing is drawn, so the seed does not matter.</summary>
        protected override async ValueTask<double[]?> BaselinesAsync(IReadOnlyList<int> prompts, Progress at, CancellationToken cancel) =>
            await ScoresAsync(
                [.. prompts.Select(p => _context.Prompts.Request(p, at.Seed))],
                _context.Sampling with
                {
                    Temperature = 0,
                },
                cancel
            );

        /// <summary>Of the first token: for those who look at answers alone.</summary>
        protected override double[][] Advantages(double[][] groups, IReadOnlyList<ScoredAnswer[]> answers) =>
            [.. groups.Zip(answers, (earned, group) => earned.Zip(group, (e, a) => e - a.Baseline).ToArray())];

        protected override double[][] TokenAdvantages(IReadOnlyList<ScoredAnswer[]> groups, double[][] rewards) =>
            [.. groups.SelectMany(g => g).Zip(rewards, (answer, paid) => ReMax.Advantages(paid, answer.Baseline))];

        protected override IEnumerable<double> Unscaled(double[][] groups, IReadOnlyList<ScoredAnswer[]> answers, double[][] rewards) =>
            TokenAdvantages(answers, rewards).SelectMany(a => a);
    }
}
