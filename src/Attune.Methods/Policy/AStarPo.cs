using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

/// <summary>A*-PO. Both betas are TRL's defaults, which are the paper's for right-or-wrong rewards.</summary>
[Method(
    "a2po",
    "A*-PO",
    "align a model with a reward by A*-PO: the optimal value of each prompt estimated once from the reference, then a regression on it",
    Paper = "Brantley et al. 2025 (arXiv:2505.20686)",
    Example = "attune a2po --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/a2po"
)]
public sealed record AStarPoOptions : IPolicyOptions, IValidatableObject
{
    [Description("answers of the reference to each prompt, from which its optimal value V* is estimated")]
    [Range(1, 10_000)]
    public int NumReferenceAnswers { get; init; } = 8;

    [Description("beta 1: temperature of V*, in reward; the mean of the rewards towards infinity, the best of them towards 0")]
    [Range(1e-6, 1e6)]
    public double Beta1 { get; init; } = 0.5;

    [Description("beta 2: strength of the pull towards the reference, in reward for each nat of divergence")]
    [Range(1e-6, 1e6)]
    public double Beta2 { get; init; } = 1e-3;

    [Description("answers of the policy to each prompt in a round; the paper's is 1")]
    [Range(1, 10_000)]
    public int NumGenerations { get; init; } = 1;

    [Description("passes over each round's answers; the paper's is 1")]
    [Range(1, 100)]
    public int NumIterations { get; init; } = 1;

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

    /// <summary>On the policy's own answers V* is a baseline, which moves no optimum: beta 2 alone prices divergence.</summary>
    public double? PosteriorTemperature => Beta2;

    public long UpdatesPerRound => NumIterations * this.UpdatesPerPass();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        GroupOptions.Problems(Rollouts.RolloutBatchSize, NumGenerations);

    /// <summary>What group methods share; the price of divergence stands in the loss.</summary>
    internal GroupSettings Groups =>
        new(
            new GroupOptions { NumGenerations = NumGenerations, NumIterations = NumIterations },
            new KlOptions { KlCoefficient = Beta2, KlPlacement = KlPlacement.Loss },
            new TokenSelection(),
            new SamplerCorrection(),
            new EntropyOptions()
        );
}

/// <summary>
/// A*-PO (Brantley et al. 2025, arXiv:2505.20686): of the policy that maximises E[r] - beta KL(pi || pi_ref), beta log(pi / pi_ref) is the
/// advantage r - V*. V* depends on the reference alone, so it is estimated from the reference's answers; the policy is then regressed on
/// its own answers, one a prompt, without value network and without groups.
/// </summary>
public static class AStarPo
{
    /// <summary>V* = beta log(mean of exp(r / beta)), over answers of the reference to one prompt.</summary>
    /// <param name="rewards">At least one.</param>
    /// <param name="beta">beta 1</param>
    public static double OptimalValue(ReadOnlySpan<double> rewards, double beta)
    {
        var most = double.NegativeInfinity;
        foreach (var reward in rewards)
        {
            most = Math.Max(most, reward);
        }

        var sum = 0.0;
        foreach (var reward in rewards)
        {
            sum += Math.Exp((reward - most) / beta);
        }

        return most + beta * Math.Log(sum / rewards.Length);
    }

    /// <summary>(beta log(pi / pi_ref) - A*)^2, per answer.</summary>
    /// <param name="logProbs">log pi of whole answers, [answers], nats</param>
    /// <param name="reference">log pi_ref of them, [answers], nats</param>
    /// <param name="advantages">A* = r - V*, [answers]</param>
    /// <param name="beta">beta 2</param>
    /// <returns>[answers], reward squared</returns>
    public static Tensor Loss(Tensor logProbs, Tensor reference, Tensor advantages, double beta)
    {
        reference.Require(logProbs.Require([-1]).shape);
        advantages.Require(logProbs.shape);
        using var scope = NewDisposeScope();
        return (beta * (logProbs - reference) - advantages).square().MoveToOuterDisposeScope();
    }

    /// <summary>The loss over the round's answers; an item's advantage is A*.</summary>
    public sealed class Objective(AStarPoOptions options, LanguageModel policy) : IObjective<GroupItem>
    {
        /// <summary>What frozen layers gave when the experience computed it; null where no layers are frozen.</summary>
        public FrozenLayerCache? Shared { get; init; }

        public IReadOnlyList<FlatParameters> Learners { get; } = [policy.Learner];

        public double Weight(GroupItem item) => 1;

        public int Length(GroupItem item) => item.Sequence.Length;

        public ObjectiveValue Evaluate(IReadOnlyList<GroupItem> items)
        {
            var batch = new GroupBatch(items, policy, options.Sampling.Temperature, Shared);
            var (own, reference) = (batch.SumByAnswer(batch.LogProbs), batch.SumByAnswer(batch.Reference)); // [answers]
            var loss = Loss(own, reference, batch.Advantages, options.Beta2);
            var ratio = (own - batch.SumByAnswer(batch.OldLogProbs)).exp().detach();
            var metrics = batch.Measure(ratio, zeros_like(ratio, ScalarType.Bool), loss);
            metrics.AddSum("policy/implicit_reward", options.Beta2 * (own - reference).sum().ToDouble(), items.Count);
            metrics.AddSum("policy/optimal_advantage", batch.Advantages.sum().ToDouble(), items.Count);
            RolloutInvariants.RequireUnchanged(items, metrics, ofAnswers: true);
            return new ObjectiveValue(loss.sum(), metrics);
        }
    }

    /// <summary>
    /// Rounds of the policy's answers with A* as their advantage. V* of a prompt is estimated when it is first asked about and kept; its
    /// answers' seeds are the prompt's, so a resumed run finds the same. Where the reward changes (online feedback, scaled scores) it is
    /// estimated again each time.
    /// </summary>
    public sealed class Experience(AStarPoOptions options, RolloutContext context) : GroupExperience(options, options.Groups, context)
    {
        private readonly RolloutContext _context = context;
        private readonly Dictionary<int, double> _values = [];

        protected override async ValueTask<double[]?> BaselinesAsync(IReadOnlyList<int> prompts, Progress at, CancellationToken cancel)
        {
            if (_context.Preparation is not null || options.Scores.ScoreScaling != ScoreScaling.None)
            {
                _values.Clear();
            }

            int[] unknown = [.. prompts.Distinct().Where(p => !_values.ContainsKey(p))];
            if (unknown.Length > 0)
            {
                await EstimateAsync(unknown, at, cancel);
            }

            return [.. prompts.Select(p => _values[p])];
        }

        private async ValueTask EstimateAsync(int[] prompts, Progress at, CancellationToken cancel)
        {
            var answers = Enumerable.Range(0, options.NumReferenceAnswers);
            await _context.Sampler.UseWeightsAsync(_context.Reference, 0, cancel);
            var scores = await ScoresAsync(
                [.. prompts.SelectMany(p => answers.Select(k => _context.Prompts.Request(p, at.Seed.For("reference", p, k))))],
                _context.Sampling,
                cancel
            );
            await _context.Sampler.UseWeightsAsync(_context.Policy, at.Updates, cancel);
            foreach (var (prompt, rewards) in prompts.Zip(scores.Chunk(options.NumReferenceAnswers)))
            {
                _values[prompt] = OptimalValue(rewards, options.Beta1);
            }
        }

        protected override double[][] Advantages(double[][] groups, IReadOnlyList<ScoredAnswer[]> answers) =>
            [.. answers.Select(group => group.Select(a => a.Score - a.Baseline).ToArray())];

        protected override IEnumerable<double> Unscaled(double[][] groups, IReadOnlyList<ScoredAnswer[]> answers, double[][] rewards) =>
            Advantages(groups, answers).SelectMany(a => a);
    }
}
