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
/// A sampled answer with everything measured on it: plain numbers, one per answer token unless noted. What divergence from the reference
/// costs is the method's own matter.
/// </summary>
/// <param name="LogProbs">Of the policy that sampled, recomputed by the trainer, nats.</param>
/// <param name="Reference">log pi_ref, nats.</param>
/// <param name="Values">V before each token; empty without a critic.</param>
/// <param name="TokenRewards">The score's rewards, each at an answer token.</param>
/// <param name="Score">Their sum: the reward of the whole answer.</param>
public sealed record ScoredAnswer(
    Rollout Rollout,
    float[] LogProbs,
    float[] Reference,
    float[] Values,
    (int Position, double Value)[] TokenRewards,
    double Score
)
{
    public TokenSequence Sequence => Rollout.Sequence;
}

/// <summary>
/// The rounds of every method that learns from its own answers: sample, score, measure the divergence from the reference, evaluate on
/// held-out prompts, stop where a budget is spent. What is learned from the answers is the method's own.
/// </summary>
public abstract class RolloutExperience<TItem> : IExperience<TItem>
{
    private readonly EarlyStopping _stopping;
    private readonly IPolicyOptions _options;
    private readonly RolloutContext _context;

    protected RolloutExperience(IPolicyOptions options, RolloutContext context)
    {
        (_options, _context) = (options, context);
        _stopping = new EarlyStopping(options.Rollouts.StopOnGoldDrop, options.Rollouts.StopOnDisagreement);
    }

    public virtual long PlannedUpdates => _options.Rollouts.Rounds * _options.UpdatesPerRound;

    public string? StoppedBecause { get; private set; }

    public IReadOnlyDictionary<string, double> State =>
        new Dictionary<string, double>(
            _stopping.State.Concat(_context.Preparation?.State ?? new Dictionary<string, double>()).Concat(MethodState)
        );

    /// <summary>The method's own numbers that a checkpoint must keep.</summary>
    protected virtual IReadOnlyDictionary<string, double> MethodState => new Dictionary<string, double>();

    /// <summary>What values the answers' tokens; null for methods without a critic.</summary>
    protected virtual ValueFunction? Critic => null;

    /// <summary>Consecutive answers that share a prompt.</summary>
    protected virtual int AnswersPerPrompt => 1;

    /// <summary>The round's updates from its answers, in the order drawn.</summary>
    /// <param name="measured">Holds the round's metrics so far, <c>objective/kl</c> among them; takes the method's own.</param>
    protected abstract IReadOnlyList<IReadOnlyList<TItem>> Learn(IReadOnlyList<ScoredAnswer> answers, Metrics measured, Progress at);

    public void Restore(IReadOnlyDictionary<string, double> state)
    {
        RestoreMethod(state);
        _stopping.Restore(state);
        _context.Preparation?.Restore(state);
    }

    /// <summary>Takes back what <see cref="MethodState"/> gave.</summary>
    protected virtual void RestoreMethod(IReadOnlyDictionary<string, double> state) { }

    public async ValueTask<Round<TItem>?> NextAsync(Progress at, CancellationToken cancel)
    {
        if (at.Round >= _options.Rollouts.Rounds)
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
            Restore(before); // the round will be drawn again: its evaluation must not count twice
            throw;
        }
    }

    /// <summary>Indices of each minibatch of several passes over the answers, shuffled again for each pass.</summary>
    protected IEnumerable<int[]> Minibatches(int count, int passes, Progress at) =>
        Enumerable
            .Range(0, passes)
            .SelectMany(pass => at.Seed.For("minibatches", at.Round, pass).Rng().Permutation(count).Chunk(_options.Training.BatchSize));

    /// <summary>Measures what each answer earned after its divergence was paid for.</summary>
    /// <param name="rewards">One array an answer, one number per answer token.</param>
    /// <param name="beta">Price of a nat in this round.</param>
    protected static void MeasureRewards(Metrics measured, IReadOnlyList<ScoredAnswer> answers, double[][] rewards, double beta)
    {
        foreach (var (answer, reward) in answers.Zip(rewards, (a, r) => (a, r.Sum())))
        {
            measured.Add("objective/rlhf_reward", reward);
            measured.Add("objective/non_score_reward", reward - answer.Score);
        }

        measured.Set("objective/kl_coef", beta);
    }

    private async ValueTask<Round<TItem>?> DrawAsync(Progress at, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var measured = new Metrics();
        _context.Shared?.Forget();
        await _context.Sampler.UseWeightsAsync(_context.Policy, at.Updates, cancel);
        measured.Set("time/repack", Lap(clock));
        if (_context.Preparation is { } preparation)
        {
            measured.Add(await preparation.PrepareAsync(at, cancel));
            clock.Restart();
        }

        var samples = await EvaluateAsync(at, measured, cancel);
        if (StoppedBecause is not null)
        {
            return null;
        }

        measured.Set("time/evaluation", Lap(clock));
        var requests = _context.Prompts.Draw(at.Seed, at.Items, _options.Rollouts.RolloutBatchSize, AnswersPerPrompt);
        var rollouts = await _context.Sampler.SampleAsync(requests, _context.Sampling, cancel);
        measured.Set("time/rollout", Lap(clock));
        var scores = await _context.Reward.ScoreAsync(rollouts, cancel);
        measured.Set("time/reward", Lap(clock));
        var answers = Score(rollouts, scores, measured);
        var kl = measured["objective/kl"];
        if (_options.Rollouts.KlBudget > 0 && kl > _options.Rollouts.KlBudget)
        {
            StoppedBecause = $"the KL budget of {_options.Rollouts.KlBudget:g4} nats is spent: this round's answers are at {kl:f2}";
            return null;
        }

        var updates = Learn(answers, measured, at);
        measured.Set("time/logprobs", Lap(clock));
        return new Round<TItem>(updates, measured, rollouts.Count, samples);
    }

    private static double Lap(Stopwatch clock)
    {
        var seconds = clock.Elapsed.TotalSeconds;
        clock.Restart();
        return seconds;
    }

    /// <summary>
    /// Evaluates on the held-out prompts in the rounds that the options name, and stops where training has begun to do harm.
    /// </summary>
    private async ValueTask<IReadOnlyList<SampleEvent>> EvaluateAsync(Progress at, Metrics measured, CancellationToken cancel)
    {
        if (_context.Evaluation is not { } evaluation || at.Round % _options.Rollouts.EvaluateEvery != 0)
        {
            return [];
        }

        var answers = await evaluation.EvaluateAsync(_context.Policy, cancel);
        var summary = PolicyEvaluation.Summarise(answers);
        measured.Add(summary);
        measured.Add(await evaluation.ExactAsync(_context.Policy, cancel));
        StoppedBecause = _stopping.Check(summary);
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
        var reference = AnswerLogProbs.Of(_context.Reference, sequences, _options.Sampling.Temperature, _context.Shared);
        var answers = new ScoredAnswer[rollouts.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            var rewards = TokenRewards(rollouts[i], scores[i]);
            answers[i] = new ScoredAnswer(rollouts[i], logProbs[i], reference[i], values[i], rewards, rewards.Sum(r => r.Value));
            Measure(measured, answers[i]);
        }

        return answers;
    }

    /// <summary>The score's token rewards after the rules for answers that did not end, and after the clip.</summary>
    private (int Position, double Value)[] TokenRewards(Rollout rollout, Score score)
    {
        var last = rollout.Sequence.AnswerLength - 1;
        var ended = rollout.Stop != StopReason.Length;
        if (!ended && _options.Scores.MissingEosScore is { } fixedScore)
        {
            return [(last, fixedScore)];
        }

        double Clip(double value) =>
            _options.Scores.ScoreClip > 0 ? Math.Clamp(value, -_options.Scores.ScoreClip, _options.Scores.ScoreClip) : value;
        var rewards = score.TokenRewards.Select(r => (r.Position, Clip(r.Value)));
        return ended || _options.Scores.MissingEosPenalty == 0 ? [.. rewards] : [.. rewards, (last, -_options.Scores.MissingEosPenalty)];
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

        measured.Add("objective/kl", kl);
        measured.Add("objective/kl_k3", k3);
        measured.Add("objective/entropy", surprise);
        measured.Add("objective/scores", answer.Score);
        measured.Add("response_length/mean", answer.LogProbs.Length);
        measured.Add("response_length/clip_ratio", answer.Rollout.Stop == StopReason.Length ? 1 : 0);
    }

    /// <summary>Log-probabilities and, with a critic, values from one pass over the policy's trunk.</summary>
    private (float[][] LogProbs, float[][] Values) PolicyPass(IReadOnlyList<TokenSequence> sequences)
    {
        if (Critic is not { } critic)
        {
            return (
                AnswerLogProbs.Of(_context.Policy, sequences, _options.Sampling.Temperature, _context.Shared),
                [.. sequences.Select(_ => Array.Empty<float>())]
            );
        }

        var outputs = AnswerLogProbs.ByLength(
            sequences,
            batch =>
            {
                var states = FrozenLayerCache.HiddenAt(_context.Policy, batch, batch.Predictors, _context.Shared);
                return
                [
                    _context.Policy.Score(states, batch.Targets, _options.Sampling.Temperature).LogProbs,
                    critic.OfAnswers(batch, states),
                ];
            }
        );
        return (outputs[0], outputs[1]);
    }
}
