using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using Attune.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

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

    /// <summary>The same of an answer, by any estimator.</summary>
    public static double[] Rewards(ScoredAnswer answer, double beta, KlEstimator estimator)
    {
        if (estimator != KlEstimator.Full)
        {
            return Rewards(answer.LogProbs, answer.Reference, answer.TokenRewards, beta, estimator);
        }

        var rewards = Array.ConvertAll(answer.FullKl, kl => -beta * kl);
        foreach (var (position, value) in answer.TokenRewards)
        {
            rewards[position] += value;
        }

        return rewards;
    }

    /// <summary>PPO's rounds: rewards become advantages by GAE, and the epochs of minibatches over them are plain data.</summary>
    public sealed class Experience(PpoOptions options, RolloutContext context) : RolloutExperience<PpoItem>(options, context)
    {
        private double _beta = options.Kl.KlCoefficient;
        private double _entropyCoefficient = options.Entropy.EntropyCoefficient;

        public required ValueFunction Value { get; init; }

        /// <summary>Texts for PPO-ptx; needed where its coefficient is not 0.</summary>
        public IReadOnlyList<TokenSequence> Pretraining { get; init; } = [];

        protected override ValueFunction Critic => Value;

        protected override Func<int, Metrics, bool>? EndsAfter =>
            options.TargetKl == 0
                ? null
                : (updates, last) => updates % options.UpdatesPerPass() == 0 && last["policy/kl_avg"] > 1.5 * options.TargetKl;

        protected override bool NeedsEntropy => options.Entropy.EntropyTarget is not null;

        protected override IReadOnlyDictionary<string, double> MethodState =>
            new Dictionary<string, double> { ["kl_coef"] = _beta, ["entropy_coef"] = _entropyCoefficient };

        protected override void RestoreMethod(IReadOnlyDictionary<string, double> state) =>
            (_beta, _entropyCoefficient) = (state["kl_coef"], state.GetValueOrDefault("entropy_coef", _entropyCoefficient));

        private sealed record Estimated(ScoredAnswer Answer, double[] Values, double[] Advantages, double[] Returns);

        protected override IReadOnlyList<IReadOnlyList<PpoItem>> Learn(IReadOnlyList<ScoredAnswer> answers, Metrics measured, Progress at)
        {
            var rewards = Rewards(answers, options.Kl, _beta, measured);
            if (options.WhitenRewards)
            {
                Moments.RescaleTogether(rewards, options.SampleVariance);
            }

            answers = at.Round == 0 ? Settled(answers, rewards) : answers;
            Estimated[] estimated = [.. answers.Zip(rewards, Estimate)];
            var (returns, values) = (estimated.SelectMany(e => e.Returns), estimated.SelectMany(e => e.Values));
            measured.Set("val/explained_variance", Advantages.ExplainedVariance([.. returns], [.. values]));
            measured.Set("val/bias", values.Average() - returns.Average());
            measured.Set("val/advantage_std", Math.Sqrt(Moments.Of([.. estimated.SelectMany(e => e.Advantages)]).Variance));
            if (options.AdvantageWhitening == AdvantageWhitening.Batch)
            {
                Moments.StandardizeTogether([.. estimated.Select(e => e.Advantages)], options.SampleVariance);
            }

            var beta = options.Kl.InLoss(_beta);
            var entropyCoefficient = options.Entropy.Advance(ref _entropyCoefficient, answers, measured);
            if (!WarmsUp(at)) // a policy that does not move says nothing of the price that holds it
            {
                _beta = options.Kl.NextBeta(_beta, options.Kl.Spent(answers, measured), answers.Count);
            }

            return
            [
                .. Minibatches(estimated.Length, options.PpoEpochs, at)
                    .Select((part, index) => Minibatch([.. part.Select(i => estimated[i])], at, index, beta, entropyCoefficient)),
            ];
        }

        private bool WarmsUp(Progress at) => at.Round < options.Critic.CriticWarmup;

        /// <summary>
        /// The answers with values whose mean over all tokens is that of the rewards to come, where the value function has a constant to
        /// settle: a reward model was trained at the last token alone, and what it says of unfinished answers may lie anywhere.
        /// </summary>
        private IReadOnlyList<ScoredAnswer> Settled(IReadOnlyList<ScoredAnswer> answers, double[][] rewards)
        {
            var toCome = answers.Zip(rewards).SelectMany(pair => Advantages.ToCome(pair.Second, options.Gamma)).Average();
            var shift = (float)(toCome - answers.SelectMany(a => a.Values).Average(v => (double)v));
            return Value.Shift(shift) ? [.. answers.Select(a => a with { Values = [.. a.Values.Select(v => v + shift)] })] : answers;
        }

        private Estimated Estimate(ScoredAnswer answer, double[] rewards)
        {
            var values = Array.ConvertAll(answer.Values, v => (double)v);
            var advantages = new double[values.Length];
            Advantages.Gae(rewards, values, options.Gamma, options.Lambda, advantages);
            // Returns come before whitening: the value function must learn rewards in their own unit.
            return new Estimated(answer, values, advantages, [.. advantages.Zip(values, (a, v) => a + v)]);
        }

        private PpoItem[] Minibatch(Estimated[] rows, Progress at, int index, double beta, double entropyCoefficient)
        {
            var advantages = rows.Select(r => r.Advantages.ToArray()).ToArray();
            if (options.AdvantageWhitening == AdvantageWhitening.Minibatch)
            {
                Moments.StandardizeTogether(advantages, options.SampleVariance);
            }

            var texts = PretrainingText.Draw(
                WarmsUp(at) ? [] : Pretraining,
                options.PtxCoefficient,
                options.PtxTexts,
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
                            Support = r.Answer.Rollout.Support,
                            Unchanged = index == 0,
                            Reference = [.. r.Answer.Reference],
                            Beta = beta,
                            EntropyCoefficient = entropyCoefficient,
                            CriticOnly = WarmsUp(at),
                            Pretraining = [.. texts.Skip(i * options.PtxTexts).Take(options.PtxTexts)],
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

        public IReadOnlyList<FlatParameters> Learners { get; } = [policy.Learner, .. value.Weights];

        public IReadOnlyList<LearnerGroup> Groups => options.Critic.Groups(policy.Learner, value.Weights, options.UpdatesPerRound);

        public double Weight(PpoItem item) => options.MicrobatchMean ? 1 : item.OldLogProbs.Length;

        public int Length(PpoItem item) => item.Sequence.Length;

        public ObjectiveValue Evaluate(IReadOnlyList<PpoItem> items)
        {
            var batch = TokenBatch.Of([.. items.Select(i => i.Sequence)]);
            var (states, scores) = PolicyPass(batch, items, learns: !items[0].CriticOnly); // [tokens, width]; [tokens] each, as all below
            var values = value.OfAnswers(batch, states);
            var oldLogProbs = tensor(items.SelectMany(i => i.OldLogProbs).ToArray());
            var oldValues = tensor(items.SelectMany(i => i.OldValues).ToArray());
            var advantages = tensor(items.SelectMany(i => i.Advantages).ToArray());
            var returns = tensor(items.SelectMany(i => i.Returns).ToArray());
            var policyLoss = Surrogate.Clipped(scores.LogProbs, oldLogProbs, advantages, options.Clip).sum();
            var valueLoss = ValueLoss(values, oldValues, returns, options.ValueClipRange).sum();
            var metrics = Measure(scores, oldLogProbs, advantages, policyLoss, (values - oldValues).detach(), valueLoss);
            RolloutInvariants.RequireUnchanged(items.All(i => i.Unchanged), metrics);
            var loss = policyLoss + options.ValueCoefficient * valueLoss;
            if (items[0].Beta > 0)
            {
                var reference = tensor(items.SelectMany(i => i.Reference).ToArray());
                loss += items[0].Beta * Grpo.Penalty(scores.LogProbs, reference, options.Kl.KlEstimator).sum();
            }

            if (items[0].EntropyCoefficient > 0)
            {
                loss -= items[0].EntropyCoefficient * EntropyOptions.Of(policy, states, options.Sampling.Temperature).sum();
            }

            if (options.RatioThreshold > 0 && metrics["val/ratio"] > options.RatioThreshold)
            {
                loss *= 0; // the step is taken all the same, with Adam's momentum
                metrics.Add("policy/skipped", 1);
            }

            loss = options.MicrobatchMean ? loss * (items.Count / (double)oldLogProbs.shape[0]) : loss;
            var texts = items.SelectMany(i => i.Pretraining).ToArray();
            return new ObjectiveValue(texts.Length > 0 ? loss + PretrainingText.Loss(texts, policy, metrics) : loss, metrics);
        }

        /// <param name="learns">False while the value function warms up: then nothing of the policy has a gradient.</param>
        private (Tensor States, TokenScores Scores) PolicyPass(TokenBatch batch, IReadOnlyList<PpoItem> items, bool learns)
        {
            using var still = learns ? null : no_grad();
            var states = FrozenLayerCache.HiddenAt(policy, batch, batch.Predictors, Shared);
            return (states, Surrogate.Score(policy, states, batch, options.Sampling.Temperature, items.Select(i => i.Support)));
        }

        private Metrics Measure(
            TokenScores scores,
            Tensor oldLogProbs,
            Tensor advantages,
            Tensor policyLoss,
            Tensor valueMoves,
            Tensor valueLoss
        )
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var ratio = (scores.LogProbs - oldLogProbs).exp();
            var metrics = Surrogate.Measure(scores, oldLogProbs, ratio, Surrogate.Binds(ratio, advantages, options.Clip), policyLoss);
            metrics.AddSum("loss/value_avg", valueLoss.ToDouble(), ratio.shape[0]);
            metrics.AddSum("val/clipfrac_avg", valueMoves.abs().gt(options.ValueClipRange).sum().ToDouble(), ratio.shape[0]);
            return metrics;
        }
    }
}
