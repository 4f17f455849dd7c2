using System.Diagnostics;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Numerics;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;

namespace Attune.Methods.Policy;

/// <summary>
/// The rounds of every method that learns from its own answers: sample, score, measure the divergence from the reference, look at
/// held-out prompts, stop where a budget is spent. What is learned from the answers is the method's own.
/// </summary>
public abstract class RolloutExperience<TItem> : IExperience<TItem>
{
    private readonly ExploitationGuard _guard;
    private readonly RolloutOptions _options;
    private readonly RolloutParts _parts;
    private readonly KlPenalty _penalty;

    protected RolloutExperience(RolloutOptions options, KlPenalty penalty, RolloutParts parts)
    {
        (_options, _penalty, _parts) = (options, penalty, parts);
        _guard = new ExploitationGuard(options.StopOnGoldDrop, options.StopOnDisagreement);
    }

    public virtual long PlannedUpdates => _options.Rounds * _options.UpdatesPerRound;

    public string? StoppedBecause { get; private set; }

    public IReadOnlyDictionary<string, double> State =>
        new Dictionary<string, double>(_guard.State.Concat(_parts.Preparation?.State ?? new Dictionary<string, double>()))
        {
            ["kl_coef"] = _penalty.Beta,
        };

    /// <summary>What values the answers' tokens; null for methods without a critic.</summary>
    protected virtual ValueFunction? Critic => null;

    /// <summary>Consecutive answers that share a prompt.</summary>
    protected virtual int AnswersPerPrompt => 1;

    /// <summary>Reward paid for one nat in this round.</summary>
    protected double Beta => _penalty.Beta;

    /// <summary>The round's updates from its answers, which stand in the order drawn.</summary>
    /// <param name="measured">Takes what the method measures of the round.</param>
    protected abstract IReadOnlyList<IReadOnlyList<TItem>> Learn(IReadOnlyList<ScoredAnswer> answers, Metrics measured, Progress at);

    public void Restore(IReadOnlyDictionary<string, double> state)
    {
        _penalty.Restore(state["kl_coef"]);
        _guard.Restore(state);
        _parts.Preparation?.Restore(state);
    }

    public async ValueTask<Round<TItem>?> NextAsync(Progress at, CancellationToken cancel)
    {
        if (at.Round >= _options.Rounds)
        {
            return null;
        }

        var before = State;
        try
        {
            return await DrawAsync(at, cancel);
        }
        catch (OperationCanceledException)
        {
            Restore(before); // the round will be drawn again: what the guard saw in it must not count twice
            throw;
        }
    }

    /// <summary>Indices of each minibatch of so many passes over the answers, shuffled anew each pass.</summary>
    protected IEnumerable<int[]> Minibatches(int count, int passes, Progress at) =>
        Enumerable
            .Range(0, passes)
            .SelectMany(pass => at.Seed.For("minibatches", at.Round, pass).Rng().Permutation(count).Chunk(_options.Training.BatchSize));

    private async ValueTask<Round<TItem>?> DrawAsync(Progress at, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var measured = new Metrics();
        _parts.Shared?.Forget();
        await _parts.Sampler.UseWeightsAsync(_parts.Policy, at.Updates, cancel);
        measured.Set("time/repack", Lap(clock));
        if (_parts.Preparation is { } preparation)
        {
            measured.Add(await preparation.PrepareAsync(at, cancel));
            clock.Restart();
        }

        var samples = await LookAsync(at, measured, cancel);
        if (StoppedBecause is not null)
        {
            return null;
        }

        measured.Set("time/evaluation", Lap(clock));
        var requests = _parts.Prompts.Draw(at.Seed, at.Items, _options.RolloutBatchSize, AnswersPerPrompt);
        var rollouts = await _parts.Sampler.SampleAsync(requests, _parts.Sampling, cancel);
        measured.Set("time/rollout", Lap(clock));
        var scores = await _parts.Reward.ScoreAsync(rollouts, cancel);
        measured.Set("time/reward", Lap(clock));
        var answers = Score(rollouts, scores, measured);
        var kl = measured["objective/kl"];
        if (_options.KlBudget > 0 && kl > _options.KlBudget)
        {
            StoppedBecause = $"the KL budget of {_options.KlBudget:g4} nats is spent: this round's answers are at {kl:f2}";
            return null;
        }

        var updates = Learn(answers, measured, at);
        measured.Set("time/logprobs", Lap(clock));
        _penalty.Observe(kl, rollouts.Count);
        return new Round<TItem>(updates, measured, rollouts.Count, samples);
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
        if (_parts.Evaluation is not { } evaluation || at.Round % _options.EvaluateEvery != 0)
        {
            return [];
        }

        var answers = await evaluation.EvaluateAsync(_parts.Policy, cancel);
        var summary = PolicyEvaluation.Summarise(answers);
        measured.Add(summary);
        measured.Add(await evaluation.ExactAsync(_parts.Policy, cancel));
        StoppedBecause = _guard.Look(summary);
        return
        [
            .. answers
                .Take(8)
                .Select(a => new SampleEvent("policy", at.Updates, a.PromptIndex, a.Prompt, a.Answer, a.Gold, a.Proxy, a.LogRatio)),
        ];
    }

    private ScoredAnswer[] Score(IReadOnlyList<Rollout> rollouts, IReadOnlyList<Score> scores, Metrics measured)
    {
        TokenSequence[] sequences = [.. rollouts.Select(r => r.Sequence)];
        var (logProbs, values) = PolicyPass(sequences);
        RolloutInvariants.RequireAgreement(rollouts, logProbs);
        var reference = AnswerLogProbs.Of(_parts.Reference, sequences, _options.Temperature, _parts.Shared);
        var answers = new ScoredAnswer[rollouts.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            var marks = TokenRewards(rollouts[i], scores[i]);
            answers[i] = new ScoredAnswer(
                rollouts[i],
                logProbs[i],
                reference[i],
                values[i],
                _penalty.Rewards(logProbs[i], reference[i], marks),
                marks.Sum(m => m.Value)
            );
            Measure(measured, answers[i]);
        }

        measured.Set("objective/kl_coef", _penalty.Beta);
        return answers;
    }

    /// <summary>The score's marks after the rules for answers that did not end, and after the clip.</summary>
    private (int Position, double Value)[] TokenRewards(Rollout rollout, Score score)
    {
        var last = rollout.Sequence.AnswerLength - 1;
        var ended = rollout.Stop != StopReason.Length;
        if (!ended && _options.MissingEosScore is { } fixedScore)
        {
            return [(last, fixedScore)];
        }

        double Clip(double value) => _options.ScoreClip > 0 ? Math.Clamp(value, -_options.ScoreClip, _options.ScoreClip) : value;
        var marks = score.TokenRewards.Select(m => (m.Position, Clip(m.Value)));
        return ended || _options.MissingEosPenalty == 0 ? [.. marks] : [.. marks, (last, -_options.MissingEosPenalty)];
    }

    private static void Measure(Metrics measured, ScoredAnswer answer)
    {
        double kl = 0,
            k3 = 0,
            surprise = 0;
        for (var t = 0; t < answer.LogProbs.Length; t++)
        {
            var difference = (double)answer.LogProbs[t] - answer.Reference[t];
            kl += Divergence.K1(difference);
            k3 += Divergence.K3(difference);
            surprise -= answer.LogProbs[t];
        }

        var total = answer.Rewards.Sum();
        measured.Add("objective/kl", kl);
        measured.Add("objective/kl_k3", k3);
        measured.Add("objective/entropy", surprise);
        measured.Add("objective/scores", answer.Score);
        measured.Add("objective/rlhf_reward", total);
        measured.Add("objective/non_score_reward", total - answer.Score);
        measured.Add("response_length/mean", answer.LogProbs.Length);
        measured.Add("response_length/clip_ratio", answer.Rollout.Stop == StopReason.Length ? 1 : 0);
    }

    /// <summary>Log-probabilities and, with a critic, values from one pass over the policy's trunk.</summary>
    private (float[][] LogProbs, float[][] Values) PolicyPass(IReadOnlyList<TokenSequence> sequences)
    {
        if (Critic is not { } critic)
        {
            return (
                AnswerLogProbs.Of(_parts.Policy, sequences, _options.Temperature, _parts.Shared),
                [.. sequences.Select(_ => Array.Empty<float>())]
            );
        }

        var outputs = AnswerLogProbs.ByLength(
            sequences,
            batch =>
            {
                var states = FrozenLayerCache.HiddenAt(_parts.Policy, batch, batch.Predictors, _parts.Shared);
                return [_parts.Policy.Score(states, batch.Targets, _options.Temperature).LogProbs, critic.OfAnswers(batch, states)];
            }
        );
        return (outputs[0], outputs[1]);
    }
}
