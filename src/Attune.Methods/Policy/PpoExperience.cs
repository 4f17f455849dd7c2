using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Tokens;
using Attune.Numerics;
using Attune.Training.Batches;

namespace Attune.Methods.Policy;

/// <summary>PPO's rounds: rewards become advantages by GAE, and the epochs of minibatches over them are handed out as plain data.</summary>
public sealed class PpoExperience(PpoOptions options, RolloutParts parts)
    : RolloutExperience<PpoItem>(options, new KlPenalty(options), parts)
{
    public required ValueFunction Value { get; init; }

    /// <summary>Texts for PPO-ptx; needed where its coefficient is not 0.</summary>
    public IReadOnlyList<TokenSequence> Pretraining { get; init; } = [];

    protected override ValueFunction Critic => Value;

    private sealed record Estimated(ScoredAnswer Answer, double[] Advantages, double[] Returns);

    protected override IReadOnlyList<IReadOnlyList<PpoItem>> Learn(IReadOnlyList<ScoredAnswer> answers, Metrics measured, Progress at)
    {
        if (options.WhitenRewards)
        {
            Moments.RescaleTogether([.. answers.Select(a => a.Rewards)]);
        }

        Estimated[] estimated = [.. answers.Select(Estimate)];
        measured.Set("val/explained_variance", ExplainedVariance(estimated));
        if (options.AdvantageWhitening == AdvantageWhitening.Batch)
        {
            Moments.StandardizeTogether([.. estimated.Select(e => e.Advantages)]);
        }

        return
        [
            .. Minibatches(estimated.Length, options.PpoEpochs, at)
                .Select((part, index) => Minibatch([.. part.Select(i => estimated[i])], at, index)),
        ];
    }

    private Estimated Estimate(ScoredAnswer answer)
    {
        var values = Array.ConvertAll(answer.Values, v => (double)v);
        var advantages = new double[values.Length];
        Advantages.Gae(answer.Rewards, values, options.Gamma, options.Lambda, advantages);
        // Returns come before whitening: the value function must learn rewards in their own unit.
        return new Estimated(answer, advantages, [.. advantages.Zip(values, (a, v) => a + v)]);
    }

    /// <summary>1 - Var(return - value) / Var(return): 1 is a perfect value function, 0 no better than a constant.</summary>
    private static double ExplainedVariance(Estimated[] estimated)
    {
        double[] returns = [.. estimated.SelectMany(e => e.Returns)];
        double[] errors = [.. estimated.SelectMany(e => e.Returns.Zip(e.Answer.Values, (r, v) => r - v))];
        var variance = Moments.Of(returns).Variance;
        return variance > 0 ? 1 - Moments.Of(errors).Variance / variance : 0;
    }

    private PpoItem[] Minibatch(Estimated[] rows, Progress at, int index)
    {
        var advantages = rows.Select(r => r.Advantages.ToArray()).ToArray();
        if (options.AdvantageWhitening == AdvantageWhitening.Minibatch)
        {
            Moments.StandardizeTogether(advantages);
        }

        var texts = DrawPretraining(rows.Length, at, index);
        var scale =
            texts.Length == 0 ? 0 : options.PtxCoefficient * rows.Sum(r => r.Answer.LogProbs.Length) / texts.Sum(TokenBatch.Predicted);
        return
        [
            .. rows.Select(
                (row, i) =>
                    new PpoItem(
                        row.Answer.Sequence,
                        [.. row.Answer.LogProbs],
                        [.. row.Answer.Values],
                        Floats(advantages[i]),
                        Floats(row.Returns)
                    )
                    {
                        Unchanged = index == 0,
                        Pretraining = i < texts.Length ? texts[i] : null,
                        PretrainingScale = scale,
                    }
            ),
        ];
    }

    private TokenSequence[] DrawPretraining(int count, Progress at, int update)
    {
        if (options.PtxCoefficient == 0 || Pretraining.Count == 0)
        {
            return [];
        }

        var rng = at.Seed.For("pretraining", at.Round, update).Rng();
        return [.. Enumerable.Range(0, count).Select(_ => Pretraining[rng.NextInt(Pretraining.Count)])];
    }

    private static ImmutableArray<float> Floats(double[] values) => [.. values.Select(v => (float)v)];
}
