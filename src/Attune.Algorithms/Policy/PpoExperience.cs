using System.Collections.Immutable;
using System.Diagnostics;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Learning.Batches;
using Attune.Learning.Contracts;
using Attune.Learning.Evaluation;
using Attune.Models;
using Attune.Numerics;

namespace Attune.Algorithms.Policy;

/// <summary>
/// PPO's rounds: sample answers, score them, measure KL to the reference, turn rewards into advantages, and hand out the epochs
/// of minibatches over them as plain data.
/// </summary>
public sealed class PpoExperience : IExperience<PpoItem>
{
    private readonly ExploitationGuard _guard;
    private readonly PpoOptions _options;
    private double _beta;

    public PpoExperience(PpoOptions options)
    {
        _options = options;
        _beta = options.KlCoefficient;
        _guard = new ExploitationGuard(options.StopOnGoldDrop, options.StopOnDisagreement);
    }

    public required LanguageModel Policy { get; init; }
    public required LanguageModel Reference { get; init; }
    public required ValueFunction Value { get; init; }
    public required PromptPool Prompts { get; init; }
    public required ISampler Sampler { get; init; }
    public required SamplingOptions Sampling { get; init; }
    public required IReward Reward { get; init; }

    /// <summary>Lower states that the policy shares with others; null where no layers are frozen.</summary>
    public LowerStates? Shared { get; init; }

    /// <summary>Held-out prompts; null to look at none.</summary>
    public PolicyExam? Exam { get; init; }

    /// <summary>Texts for PPO-ptx; needed where its coefficient is not 0.</summary>
    public IReadOnlyList<TokenSequence> Pretraining { get; init; } = [];

    public long PlannedUpdates => _options.Rounds * _options.UpdatesPerRound;

    public string? StoppedBecause { get; private set; }

    public IReadOnlyDictionary<string, double> State => new Dictionary<string, double>(_guard.State) { ["kl_coef"] = _beta };

    public void Restore(IReadOnlyDictionary<string, double> state)
    {
        _beta = state["kl_coef"];
        _guard.Restore(state);
    }

    public async ValueTask<Round<PpoItem>?> NextAsync(Progress at, CancellationToken cancel)
    {
        if (at.Round >= _options.Rounds)
        {
            return null;
        }

        var before = State;
        try
        {
            return await DrawAsync(at, cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Restore(before);    // the round will be drawn again: what the guard saw in it must not count twice
            throw;
        }
    }

    private async ValueTask<Round<PpoItem>?> DrawAsync(Progress at, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var measured = new Metrics();
        Shared?.Forget();
        await Sampler.UseWeightsAsync(Policy, at.Updates, cancel).ConfigureAwait(false);
        measured.Set("time/repack", Lap(clock));
        var samples = await LookAsync(at, measured, cancel).ConfigureAwait(false);
        if (StoppedBecause is not null)
        {
            return null;
        }

        measured.Set("time/exam", Lap(clock));
        var rollouts = await Sampler.SampleAsync(Prompts.Draw(at.Seed, at.Items, _options.RolloutBatchSize), Sampling, cancel).ConfigureAwait(false);
        measured.Set("time/rollout", Lap(clock));
        var scores = await Reward.ScoreAsync(rollouts, cancel).ConfigureAwait(false);
        measured.Set("time/reward", Lap(clock));
        var scored = Score(rollouts, scores, measured);
        measured.Set("time/logprobs", Lap(clock));
        var kl = measured["objective/kl"];
        if (_options.KlBudget > 0 && kl > _options.KlBudget)
        {
            StoppedBecause = $"the KL budget of {_options.KlBudget:g4} nats is spent: this round's answers are at {kl:f2}";
            return null;
        }

        if (_options.KlController == KlController.Adaptive)
        {
            _beta = Ppo.NextBeta(_beta, kl, _options.KlTarget, rollouts.Count, _options.KlHorizon);
        }

        return new Round<PpoItem>(Updates(scored, at), measured, rollouts.Count, samples);
    }

    private static double Lap(Stopwatch clock)
    {
        var seconds = clock.Elapsed.TotalSeconds;
        clock.Restart();
        return seconds;
    }

    /// <summary>Looks at the held-out prompts where it is time to, and lets the guard judge.</summary>
    private async ValueTask<IReadOnlyList<SampleEvent>> LookAsync(Progress at, Metrics measured, CancellationToken cancel)
    {
        if (Exam is null || at.Round % _options.EvaluateEvery != 0)
        {
            return [];
        }

        var answers = await Exam.SitAsync(Policy, cancel).ConfigureAwait(false);
        var summary = PolicyExam.Summarise(answers);
        measured.Add(summary);
        measured.Add(await Exam.ExactAsync(Policy, cancel).ConfigureAwait(false));
        StoppedBecause = _guard.Look(summary);
        return [.. answers.Take(8).Select(a => new SampleEvent("ppo", at.Updates, a.PromptIndex, a.Prompt, a.Answer, a.Gold, a.Proxy, a.LogRatio))];
    }

    private sealed record ScoredRollout(TokenSequence Sequence, float[] LogProbs, float[] Values, double[] Advantages, double[] Returns);

    private ScoredRollout[] Score(IReadOnlyList<Rollout> rollouts, IReadOnlyList<Score> scores, Metrics measured)
    {
        TokenSequence[] sequences = [.. rollouts.Select(r => r.Sequence)];
        var (logProbs, values) = PolicyPass(sequences);
        PpoInvariants.RequireAgreement(rollouts, logProbs);
        var reference = AnswerLogProbs.Of(Reference, sequences, _options.Temperature, Shared);
        var rewards = new double[rollouts.Count][];
        for (var i = 0; i < rollouts.Count; i++)
        {
            var marks = Marks(rollouts[i], scores[i]);
            rewards[i] = Ppo.Rewards(logProbs[i], reference[i], marks, _beta, _options.KlEstimator);
            Measure(measured, rollouts[i], logProbs[i], reference[i], marks.Sum(m => m.Value), rewards[i].Sum());
        }

        if (_options.WhitenRewards)
        {
            InPlace(rewards, Moments.Rescale);
        }

        var scored = new ScoredRollout[rollouts.Count];
        for (var i = 0; i < rollouts.Count; i++)
        {
            var plain = Array.ConvertAll(values[i], v => (double)v);
            var advantages = new double[plain.Length];
            Advantages.Gae(rewards[i], plain, _options.Gamma, _options.Lambda, advantages);
            // Returns come before whitening: the value function must learn rewards in their own unit.
            var returns = advantages.Zip(plain, (a, v) => a + v).ToArray();
            scored[i] = new ScoredRollout(sequences[i], logProbs[i], values[i], advantages, returns);
        }

        measured.Set("val/explained_variance", ExplainedVariance(scored));
        if (_options.AdvantageWhitening == AdvantageWhitening.Batch)
        {
            InPlace([.. scored.Select(s => s.Advantages)], Moments.Standardize);
        }

        measured.Set("objective/kl_coef", _beta);
        return scored;
    }

    /// <summary>The score's marks after the rules for answers that did not end, and after the clip.</summary>
    private (int Position, double Value)[] Marks(Rollout rollout, Score score)
    {
        var last = rollout.Sequence.AnswerLength - 1;
        var ended = rollout.Stop != StopReason.Length;
        if (!ended && _options.MissingEosScore is { } fixedScore)
        {
            return [(last, fixedScore)];
        }

        double Clip(double value) => _options.ScoreClip > 0 ? Math.Clamp(value, -_options.ScoreClip, _options.ScoreClip) : value;
        var marks = score.Marks.Select(m => (m.Position, Clip(m.Value)));
        return ended || _options.MissingEosPenalty == 0 ? [.. marks] : [.. marks, (last, -_options.MissingEosPenalty)];
    }

    private void Measure(Metrics measured, Rollout rollout, float[] logProbs, float[] reference, double score, double total)
    {
        double kl = 0, k3 = 0, surprise = 0;
        for (var t = 0; t < logProbs.Length; t++)
        {
            var difference = (double)logProbs[t] - reference[t];
            kl += Divergence.K1(difference);
            k3 += Divergence.K3(difference);
            surprise -= logProbs[t];
        }

        measured.Add("objective/kl", kl);
        measured.Add("objective/kl_k3", k3);
        measured.Add("objective/entropy", surprise);
        measured.Add("objective/scores", score);
        measured.Add("objective/rlhf_reward", total);
        measured.Add("objective/non_score_reward", total - score);
        measured.Add("response_length/mean", logProbs.Length);
        measured.Add("response_length/clip_ratio", rollout.Stop == StopReason.Length ? 1 : 0);
    }

    /// <summary>Log-probabilities and values from one pass over the policy's trunk.</summary>
    private (float[][] LogProbs, float[][] Values) PolicyPass(IReadOnlyList<TokenSequence> sequences)
    {
        var outputs = AnswerLogProbs.ByLength(sequences, batch =>
        {
            var hidden = LowerStates.Hidden(Policy, batch, Shared);
            return [AnswerLogProbs.Score(Policy, hidden, batch, _options.Temperature).LogProbs, Value.OfAnswers(batch, hidden)];
        });
        return (outputs[0], outputs[1]);
    }

    /// <summary>1 - Var(return - value) / Var(return): 1 is a perfect value function, 0 no better than a constant.</summary>
    private static double ExplainedVariance(ScoredRollout[] scored)
    {
        double[] returns = [.. scored.SelectMany(s => s.Returns)];
        double[] errors = [.. scored.SelectMany(s => s.Returns.Zip(s.Values, (r, v) => r - v))];
        var variance = Moments.Of(returns).Variance;
        return variance > 0 ? 1 - Moments.Of(errors).Variance / variance : 0;
    }

    private delegate void Whitening(Span<double> values);

    /// <summary>Whitens over all rows together.</summary>
    private static void InPlace(double[][] rows, Whitening whiten)
    {
        double[] all = [.. rows.SelectMany(r => r)];
        whiten(all);
        var start = 0;
        foreach (var row in rows)
        {
            all.AsSpan(start, row.Length).CopyTo(row);
            start += row.Length;
        }
    }

    private List<IReadOnlyList<PpoItem>> Updates(ScoredRollout[] scored, Progress at)
    {
        var updates = new List<IReadOnlyList<PpoItem>>();
        for (var epoch = 0; epoch < _options.PpoEpochs; epoch++)
        {
            var order = at.Seed.For("minibatches", at.Round, epoch).Chance().Permutation(scored.Length);
            foreach (var part in order.Chunk(_options.BatchSize))
            {
                updates.Add(Minibatch([.. part.Select(i => scored[i])], first: updates.Count == 0, at, updates.Count));
            }
        }

        return updates;
    }

    private PpoItem[] Minibatch(ScoredRollout[] rows, bool first, Progress at, int index)
    {
        var advantages = rows.Select(r => r.Advantages.ToArray()).ToArray();
        if (_options.AdvantageWhitening == AdvantageWhitening.Minibatch)
        {
            InPlace(advantages, Moments.Standardize);
        }

        var texts = DrawPretraining(rows.Length, at, index);
        var scale = texts.Length == 0 ? 0 : _options.PtxCoefficient * rows.Sum(r => r.LogProbs.Length) / texts.Sum(TokenBatch.Predicted);
        return [.. rows.Select((row, i) => new PpoItem(
            row.Sequence, [.. row.LogProbs], [.. row.Values], Floats(advantages[i]), Floats(row.Returns))
        {
            Unchanged = first,
            Pretraining = i < texts.Length ? texts[i] : null,
            PretrainingScale = scale,
        })];
    }

    private TokenSequence[] DrawPretraining(int count, Progress at, int update)
    {
        if (_options.PtxCoefficient == 0 || Pretraining.Count == 0)
        {
            return [];
        }

        var chance = at.Seed.For("pretraining", at.Round, update).Chance();
        return [.. Enumerable.Range(0, count).Select(_ => Pretraining[chance.NextInt(Pretraining.Count)])];
    }

    private static ImmutableArray<float> Floats(double[] values) => [.. values.Select(v => (float)v)];
}
