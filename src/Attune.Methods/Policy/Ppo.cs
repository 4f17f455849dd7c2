using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

/// <summary>
/// Proximal policy optimisation for language models. Defaults are TRL's, which follow Huang et al. 2024 (arXiv:2403.17031).
/// </summary>
[Method(
    "ppo",
    "PPO",
    "align a model with a reward by PPO",
    Paper = "Schulman et al. 2017 (arXiv:1707.06347); Ziegler et al. 2019 (arXiv:1909.08593)",
    Example = "attune ppo --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/ppo"
)]
public sealed partial record PpoOptions : IPolicyOptions
{
    [Description("settings of a paper: ziegler-2019, stiennon-2020, instructgpt-2022 or trl; other options override them")]
    public string? Preset { get; init; }

    [Description("passes over each round's answers")]
    [Range(1, 100)]
    public int PpoEpochs { get; init; } = 4;

    [Flatten]
    public ClipOptions Clip { get; init; } = new();

    [Description("distance of a value from its old value at which its loss is clipped")]
    [Range(0.001, 1000)]
    public double ValueClipRange { get; init; } = 0.2;

    [Description("weight of the value loss")]
    [Range(0, 1000)]
    public double ValueCoefficient { get; init; } = 0.1;

    [Description("discount factor")]
    [Range(0, 1)]
    public double Gamma { get; init; } = 1;

    [Description("GAE's lambda")]
    [Range(0, 1)]
    public double Lambda { get; init; } = 0.95;

    [Description("divide the round's rewards by their standard deviation, keeping their mean")]
    public bool WhitenRewards { get; init; }

    [Description("whiten advantages over the batch, over each minibatch, or not at all")]
    public AdvantageWhitening AdvantageWhitening { get; init; } = AdvantageWhitening.Batch;

    [Description("start of the value network: reward-model, policy, or shared-trunk (a head on the policy)")]
    public ValueNetwork ValueNetwork { get; init; } = ValueNetwork.RewardModel;

    [Description("weight of the pretraining loss (PPO-ptx, InstructGPT eq. 2); 0 for none")]
    [Range(0, 1e4)]
    public double PtxCoefficient { get; init; }

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
            LearningRate = 3e-6,
            BatchSize = 64,
            MaxGradNorm = 0,
            CheckpointEvery = 10,
        };

    public long UpdatesPerRound => PpoEpochs * this.UpdatesPerPass();
}

/// <summary>One rollout as PPO learns from it: plain numbers, one per answer token.</summary>
/// <param name="OldLogProbs">Of the policy that sampled, recomputed by the trainer, nats.</param>
/// <param name="OldValues">V before each token.</param>
/// <param name="Advantages">After whitening.</param>
/// <param name="Returns">Advantages before whitening plus values: the value function's target.</param>
public sealed record PpoItem(
    TokenSequence Sequence,
    ImmutableArray<float> OldLogProbs,
    ImmutableArray<float> OldValues,
    ImmutableArray<float> Advantages,
    ImmutableArray<float> Returns
)
{
    /// <summary>True in the round's first update, before any weight has changed: there the ratio must be 1.</summary>
    public bool Unchanged { get; init; }

    /// <summary>A pretraining text learned beside the rollout (PPO-ptx); null without.</summary>
    public PretrainingText? Pretraining { get; init; }
}

/// <summary>
/// Proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347) of E[r(x, y)] - beta KL(pi || pi_ref), as RLHF uses it:
/// Ziegler et al. 2019 (arXiv:1909.08593), Stiennon et al. 2020 (arXiv:2009.01325), Ouyang et al. 2022 (arXiv:2203.02155).
/// A round: <see cref="RolloutExperience{TItem}"/> samples and scores answers, <see cref="Experience"/> turns them into advantages,
/// <see cref="Objective"/> learns from those.
/// </summary>
public static class Ppo
{
    /// <summary>Clipped value loss: half the larger of (V - R)^2 and (clip(V, V_old - epsilon, V_old + epsilon) - R)^2.</summary>
    /// <param name="values">[tokens]</param>
    /// <param name="oldValues">[tokens]</param>
    /// <param name="returns">[tokens]</param>
    /// <returns>[tokens]</returns>
    public static Tensor ValueLoss(Tensor values, Tensor oldValues, Tensor returns, double clipRange)
    {
        values.Require([-1]);
        oldValues.Require(values.shape);
        returns.Require(values.shape);
        using var scope = NewDisposeScope();
        var clipped = oldValues + (values - oldValues).clamp(-clipRange, clipRange);
        return (maximum((values - returns).square(), (clipped - returns).square()) / 2).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The reward of each answer token: -beta times the KL estimate, plus the score's rewards at their tokens (Ziegler 2019, eq. 2).
    /// </summary>
    /// <param name="logProbs">of the policy, [answer], nats</param>
    /// <param name="referenceLogProbs">[answer], nats</param>
    /// <param name="tokenRewards">(position, value)</param>
    public static double[] Rewards(
        ReadOnlySpan<float> logProbs,
        ReadOnlySpan<float> referenceLogProbs,
        IEnumerable<(int Position, double Value)> tokenRewards,
        double beta,
        KlEstimator estimator
    )
    {
        var rewards = new double[logProbs.Length];
        for (var t = 0; t < rewards.Length; t++)
        {
            var difference = (double)logProbs[t] - referenceLogProbs[t];
            rewards[t] = -beta * estimator.Of(difference);
        }

        foreach (var (position, value) in tokenRewards)
        {
            rewards[position] += value;
        }

        return rewards;
    }

    /// <summary>PPO's rounds: rewards become advantages by GAE, and the epochs of minibatches over them are plain data.</summary>
    public sealed class Experience(PpoOptions options, RolloutContext context) : RolloutExperience<PpoItem>(options, context)
    {
        private double _beta = options.Kl.KlCoefficient;

        public required ValueFunction Value { get; init; }

        /// <summary>Texts for PPO-ptx; needed where its coefficient is not 0.</summary>
        public IReadOnlyList<TokenSequence> Pretraining { get; init; } = [];

        protected override ValueFunction Critic => Value;

        protected override IReadOnlyDictionary<string, double> MethodState => new Dictionary<string, double> { ["kl_coef"] = _beta };

        protected override void RestoreMethod(IReadOnlyDictionary<string, double> state) => _beta = state["kl_coef"];

        private sealed record Estimated(ScoredAnswer Answer, double[] Values, double[] Advantages, double[] Returns);

        protected override IReadOnlyList<IReadOnlyList<PpoItem>> Learn(IReadOnlyList<ScoredAnswer> answers, Metrics measured, Progress at)
        {
            double[][] rewards = [.. answers.Select(a => Rewards(a.LogProbs, a.Reference, a.TokenRewards, _beta, options.Kl.KlEstimator))];
            MeasureRewards(measured, answers, rewards, _beta);
            if (options.WhitenRewards)
            {
                Moments.RescaleTogether(rewards);
            }

            Estimated[] estimated = [.. answers.Zip(rewards, Estimate)];
            var (returns, values) = (estimated.SelectMany(e => e.Returns), estimated.SelectMany(e => e.Values));
            measured.Set("val/explained_variance", Advantages.ExplainedVariance([.. returns], [.. values]));
            if (options.AdvantageWhitening == AdvantageWhitening.Batch)
            {
                Moments.StandardizeTogether([.. estimated.Select(e => e.Advantages)]);
            }

            _beta = options.Kl.NextBeta(_beta, measured["objective/kl"], answers.Count);
            return
            [
                .. Minibatches(estimated.Length, options.PpoEpochs, at)
                    .Select((part, index) => Minibatch([.. part.Select(i => estimated[i])], at, index)),
            ];
        }

        private Estimated Estimate(ScoredAnswer answer, double[] rewards)
        {
            var values = Array.ConvertAll(answer.Values, v => (double)v);
            var advantages = new double[values.Length];
            Advantages.Gae(rewards, values, options.Gamma, options.Lambda, advantages);
            // Returns come before whitening: the value function must learn rewards in their own unit.
            return new Estimated(answer, values, advantages, [.. advantages.Zip(values, (a, v) => a + v)]);
        }

        private PpoItem[] Minibatch(Estimated[] rows, Progress at, int index)
        {
            var advantages = rows.Select(r => r.Advantages.ToArray()).ToArray();
            if (options.AdvantageWhitening == AdvantageWhitening.Minibatch)
            {
                Moments.StandardizeTogether(advantages);
            }

            var texts = PretrainingText.Draw(
                Pretraining,
                options.PtxCoefficient,
                [.. rows.Select(r => r.Answer.LogProbs.Length)],
                at.Seed.For("pretraining", at.Round, index)
            );
            return
            [
                .. rows.Select(
                    (r, i) =>
                        new PpoItem(
                            r.Answer.Sequence,
                            [.. r.Answer.LogProbs],
                            [.. r.Answer.Values],
                            Floats(advantages[i]),
                            Floats(r.Returns)
                        )
                        {
                            Unchanged = index == 0,
                            Pretraining = i < texts.Length ? texts[i] : null,
                        }
                ),
            ];
        }

        private static ImmutableArray<float> Floats(double[] values) => [.. values.Select(v => (float)v)];
    }

    /// <summary>Policy loss + value coefficient * value loss (+ PPO-ptx), summed over answer tokens.</summary>
    public sealed class Objective(PpoOptions options, LanguageModel policy, ValueFunction value) : IObjective<PpoItem>
    {
        /// <summary>What frozen layers gave when the experience computed it; null where no layers are frozen.</summary>
        public FrozenLayerCache? Shared { get; init; }

        public IReadOnlyList<FlatParameters> Learners { get; } = [policy.Learner, value.Weights];

        public double Weight(PpoItem item) => item.OldLogProbs.Length;

        public int Length(PpoItem item) => item.Sequence.Length;

        public ObjectiveValue Evaluate(IReadOnlyList<PpoItem> items)
        {
            var batch = TokenBatch.Of([.. items.Select(i => i.Sequence)]);
            var states = FrozenLayerCache.HiddenAt(policy, batch, batch.Predictors, Shared); // [tokens, width]
            var scores = policy.Score(states, batch.Targets, options.Sampling.Temperature); // [tokens] each, as is everything below
            var values = value.OfAnswers(batch, states);
            var oldLogProbs = tensor(items.SelectMany(i => i.OldLogProbs).ToArray());
            var oldValues = tensor(items.SelectMany(i => i.OldValues).ToArray());
            var advantages = tensor(items.SelectMany(i => i.Advantages).ToArray());
            var returns = tensor(items.SelectMany(i => i.Returns).ToArray());
            var policyLoss = Surrogate.Clipped(scores.LogProbs, oldLogProbs, advantages, options.Clip.Low, options.Clip.High).sum();
            var valueLoss = ValueLoss(values, oldValues, returns, options.ValueClipRange).sum();
            var metrics = Measure(scores, oldLogProbs, policyLoss, (values - oldValues).detach(), valueLoss);
            RolloutInvariants.RequireUnchanged(items.All(i => i.Unchanged), metrics);
            var loss = policyLoss + options.ValueCoefficient * valueLoss;
            var texts = items.Select(i => i.Pretraining).OfType<PretrainingText>().ToArray();
            return new ObjectiveValue(texts.Length > 0 ? loss + PretrainingText.Loss(texts, policy, metrics) : loss, metrics);
        }

        private Metrics Measure(TokenScores scores, Tensor oldLogProbs, Tensor policyLoss, Tensor valueMoves, Tensor valueLoss)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var ratio = (scores.LogProbs - oldLogProbs).exp();
            var metrics = Surrogate.Measure(scores, oldLogProbs, ratio, options.Clip.Outside(ratio), policyLoss);
            metrics.AddSum("loss/value_avg", valueLoss.ToDouble(), ratio.shape[0]);
            metrics.AddSum("val/clipfrac_avg", valueMoves.abs().gt(options.ValueClipRange).sum().ToDouble(), ratio.shape[0]);
            return metrics;
        }
    }
}
