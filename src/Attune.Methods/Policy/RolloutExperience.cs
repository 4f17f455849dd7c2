using System.Diagnostics;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Numerics;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;
using Attune.Training.Rewards;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

/// <summary>
/// The rounds of every method that learns from its own answers: sample, score, measure the divergence from the reference, evaluate on
/// held-out prompts, stop where a budget is spent. What is learned from the answers is the method's own.
/// </summary>
public abstract class RolloutExperience<TItem> : IExperience<TItem>
{
    private readonly EarlyStopping _stopping;
    private readonly IPolicyOptions _options;
    private readonly RolloutContext _context;
    private readonly RunningMoments _scores = new();

    protected RolloutExperience(IPolicyOptions options, RolloutContext context)
    {
        (_options, _context) = (options, context);
        _stopping = new EarlyStopping(options.Rollouts.StopOnGoldDrop, options.Rollouts.StopOnDisagreement);
    }

    public virtual long PlannedUpdates => _options.Rollouts.Rounds * _options.UpdatesPerRound;

    public string? StoppedBecause { get; private set; }

    public IReadOnlyDictionary<string, double> State =>
        new Dictionary<string, double>(
            _stopping
                .State.Concat(_context.Preparation?.State ?? new Dictionary<string, double>())
                .Concat(_scores.State)
                .Concat(MethodState)
        );

    /// <summary>The method's own numbers that a checkpoint must keep.</summary>
    protected virtual IReadOnlyDictionary<string, double> MethodState => new Dictionary<string, double>();

    /// <summary>What values the answers' tokens; null for methods without a critic.</summary>
    protected virtual ValueFunction? Critic => null;

    /// <summary>Consecutive answers that share a prompt.</summary>
    protected virtual int AnswersPerPrompt => 1;

    /// <summary>How often a round may draw other prompts in place of groups that teach nothing.</summary>
    protected virtual int MostResamplings => 0;

    /// <summary>Whether something can be learned from the answers to a prompt.</summary>
    protected virtual bool Teaches(IEnumerable<ScoredAnswer> group) => true;

    /// <summary>Whether the sampler's log-probabilities have to be the trainer's; false where the method corrects for the difference.</summary>
    protected virtual bool AgreesWithSampler => true;

    /// <summary>Whether <see cref="ScoredAnswer.Entropy"/> is read.</summary>
    protected virtual bool NeedsEntropy => false;

    /// <summary>Whether a round ends after so many updates, the last of which measured this; null where it never ends early.</summary>
    protected virtual Func<int, Metrics, bool>? EndsAfter => null;

    /// <summary>The round's updates from its answers, in the order drawn.</summary>
    /// <param name="measured">Holds the round's metrics so far, <c>objective/kl</c> among them; takes the method's own.</param>
    protected abstract IReadOnlyList<IReadOnlyList<TItem>> Learn(IReadOnlyList<ScoredAnswer> answers, Metrics measured, Progress at);

    public void Restore(IReadOnlyDictionary<string, double> state)
    {
        RestoreMethod(state);
        _stopping.Restore(state);
        _scores.Restore(state);
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
        var (answers, drawn) = await AnswersAsync(at, measured, cancel);
        clock.Restart();
        var kl = measured["objective/kl"];
        if (_options.Rollouts.KlBudget > 0 && kl > _options.Rollouts.KlBudget)
        {
            StoppedBecause = $"the KL budget of {_options.Rollouts.KlBudget:g4} nats is spent: this round's answers are at {kl:f2}";
            return null;
        }

        var updates = Learn(answers, measured, at);
        AddTime(measured, "time/logprobs", clock);
        return new Round<TItem>(updates, measured, drawn, samples) { EndsAfter = EndsAfter };
    }

    /// <summary>Samples and scores the round's answers, again with other prompts where groups teach nothing and that is asked for.</summary>
    /// <returns>The answers, and how many were drawn for them.</returns>
    private async Task<(IReadOnlyList<ScoredAnswer> Answers, int Drawn)> AnswersAsync(
        Progress at,
        Metrics measured,
        CancellationToken cancel
    )
    {
        var (wanted, drawn) = (_options.Rollouts.RolloutBatchSize, 0);
        List<ScoredAnswer> teaching = [],
            idle = [];
        for (var draw = 0; draw <= MostResamplings && teaching.Count < wanted; draw++)
        {
            var answers = await DrawAnswersAsync(at, drawn, wanted, measured, cancel);
            drawn += answers.Length;
            foreach (var group in answers.Chunk(AnswersPerPrompt))
            {
                (MostResamplings == 0 || Teaches(group) ? teaching : idle).AddRange(group);
            }
        }

        if (MostResamplings > 0)
        {
            measured.Set("sampling/drawn_share", (double)drawn / wanted);
        }

        // Where too few groups teach, the others fill the round: its size stays, and they do no harm.
        ScoredAnswer[] chosen = [.. teaching.Concat(idle).Take(wanted)];
        RewardParts.Measure(measured, [.. chosen.Select(a => a.Parts)]);
        foreach (var answer in chosen)
        {
            answer.Measure(measured);
        }

        return (chosen, drawn);
    }

    private async Task<ScoredAnswer[]> DrawAnswersAsync(Progress at, int drawn, int count, Metrics measured, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var requests = _context.Prompts.Draw(at.Seed, at.Items + drawn, count, AnswersPerPrompt);
        var rollouts = await _context.Sampler.SampleAsync(requests, _context.Sampling, cancel);
        AddTime(measured, "time/rollout", clock);
        var scores = await _context.Reward.ScoreAsync(rollouts, cancel);
        AddTime(measured, "time/reward", clock);
        var answers = Score(rollouts, _options.Scores.Scaled(scores, _scores));
        AddTime(measured, "time/logprobs", clock);
        return answers;
    }

    private static void AddTime(Metrics measured, string name, Stopwatch clock) =>
        measured.Set(name, (measured.Contains(name) ? measured[name] : 0) + Lap(clock));

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
        StoppedBecause = _stopping.Check(await ValidateAsync(measured, cancel) ?? summary);
        return
        [
            .. answers
                .Take(8)
                .Select(a => new SampleEvent("policy", at.Updates, a.PromptIndex, a.Prompt, a.Answer, a.Gold, a.Proxy, a.LogRatio)),
        ];
    }

    /// <summary>What the rules for stopping look at; null where they look at the evaluation itself.</summary>
    private async ValueTask<Metrics?> ValidateAsync(Metrics measured, CancellationToken cancel)
    {
        if (_context.Validation is not { } validation || !_stopping.Watches)
        {
            return null;
        }

        var summary = PolicyEvaluation.Summarise(await validation.EvaluateAsync(_context.Policy, cancel));
        foreach (var name in (string[])["gold_reward", "proxy_reward", "ensemble_sd"])
        {
            if (summary.Contains("eval/" + name))
            {
                measured.Set("validation/" + name, summary["eval/" + name]);
            }
        }

        return summary;
    }

    private ScoredAnswer[] Score(IReadOnlyList<Rollout> rollouts, IReadOnlyList<Score> scores)
    {
        TokenSequence[] sequences = [.. rollouts.Select(r => r.Sequence)];
        var (logProbs, values, entropy) = PolicyPass(rollouts, sequences);
        if (AgreesWithSampler)
        {
            RolloutInvariants.RequireAgreement(rollouts, logProbs);
        }

        var reference = AnswerLogProbs.Of(_context.Reference, sequences, _options.Sampling.Temperature, _context.Shared);
        var full = FullKl(sequences);
        var answers = new ScoredAnswer[rollouts.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            var rewards = _options.Scores.Apply(rollouts[i], scores[i], _options.Sampling.MaxNewTokens);
            answers[i] = new ScoredAnswer(rollouts[i], logProbs[i], reference[i], values[i], rewards, rewards.Sum(r => r.Value))
            {
                Entropy = entropy[i],
                FullKl = full[i],
                Parts = scores[i].Parts,
            };
        }

        return answers;
    }

    /// <summary>Log-probabilities and, where they are needed, values and entropies from one pass over the policy's trunk.</summary>
    private (float[][] LogProbs, float[][] Values, float[][] Entropy) PolicyPass(
        IReadOnlyList<Rollout> rollouts,
        IReadOnlyList<TokenSequence> sequences
    )
    {
        var outputs = AnswerLogProbs.ByLength(
            sequences,
            (batch, rows) =>
            {
                var states = FrozenLayerCache.HiddenAt(_context.Policy, batch, batch.Predictors, _context.Shared);
                var support = rows.Select(row => rollouts[row].Support);
                var scores = Surrogate.Score(_context.Policy, states, batch, _options.Sampling.Temperature, support);
                var values = Critic is { } critic ? critic.OfAnswers(batch, states) : null;
                return NeedsEntropy ? [scores.LogProbs, scores.Entropy, .. Some(values)] : [scores.LogProbs, .. Some(values)];
            }
        );
        float[][] none = [.. sequences.Select(_ => Array.Empty<float>())];
        return (outputs[0], Critic is null ? none : outputs[^1], NeedsEntropy ? outputs[1] : none);
    }

    /// <summary>KL(pi || pi_ref) over the vocabulary at each answer token, where the penalty is made of it.</summary>
    private float[][] FullKl(IReadOnlyList<TokenSequence> sequences) =>
        _options.Kl?.KlEstimator != KlEstimator.Full
            ? [.. sequences.Select(_ => Array.Empty<float>())]
            : AnswerLogProbs.ByLength(
                sequences,
                batch => [Divergence.Full(Logits(_context.Policy, batch), Logits(_context.Reference, batch))]
            )[0];

    private Tensor Logits(LanguageModel model, TokenBatch batch) =>
        model.Logits(FrozenLayerCache.HiddenAt(model, batch, batch.Predictors, _context.Shared)) / _options.Sampling.Temperature;

    private static Tensor[] Some(Tensor? tensor) => tensor is null ? [] : [tensor];
}
