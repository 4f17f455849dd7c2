using System.Diagnostics;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Models.Weights;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;

namespace Attune.Methods.Policy;

/// <summary>
/// The rounds of every method that learns from its own answers: sample, score, measure the divergence from the reference, evaluate on
/// held-out prompts, stop where a budget is spent. What is learned from the answers is the method's own.
/// </summary>
public abstract partial class RolloutExperience<TItem> : IExperience<TItem>
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

    public Func<Progress, CancellationToken, ValueTask<Metrics>>? Evaluation => _context.Evaluation is null ? null : MeasureAsync;

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

    /// <summary>
    /// <see cref="ScoredAnswer.Baseline"/> of each prompt, where the method draws further answers for it; null for other methods.
    /// </summary>
    /// <param name="prompts">Their places in the pool, in the order drawn.</param>
    protected virtual ValueTask<double[]?> BaselinesAsync(IReadOnlyList<int> prompts, Progress at, CancellationToken cancel) =>
        ValueTask.FromResult<double[]?>(null);

    /// <summary>Whether the sampler's log-probabilities must be the trainer's; false where the method corrects them.</summary>
    protected virtual bool AgreesWithSampler => true;

    /// <summary>Whether <see cref="ScoredAnswer.Entropy"/> is read.</summary>
    protected virtual bool NeedsEntropy => false;

    /// <summary>Whether a round ends after so many updates, the last of which measured this; null where it never ends early.</summary>
    protected virtual Func<int, Metrics, bool>? EndsAfter => null;

    /// <summary>The round's updates from its answers, in the order drawn.</summary>
    /// <param name="measured">Holds the round's metrics so far, <c>objective/kl</c> among them; takes the method's own.</param>
    protected abstract IReadOnlyList<IReadOnlyList<TItem>> Learn(IReadOnlyList<ScoredAnswer> answers, Metrics measured, Progress at);

    public IReadOnlyList<FlatParameters> Followers => _context.MovingReference?.Weights ?? [];

    public void Updated(Progress at) => _context.MovingReference?.Follow(at.Updates);

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

    /// <summary>What the answers' tokens earn, and a measure of it after divergence was paid for, wherever that is paid.</summary>
    /// <param name="beta">Price of a nat in this round.</param>
    /// <returns>One array an answer, one number per answer token; less the price where it stands in the reward.</returns>
    protected static double[][] Rewards(IReadOnlyList<ScoredAnswer> answers, KlOptions kl, double beta, Metrics measured)
    {
        double[][] paid = [.. answers.Select(a => Ppo.Rewards(a, beta, kl.KlEstimator))];
        foreach (var (answer, reward) in answers.Zip(paid, (a, r) => (a, r.Sum())))
        {
            measured.Add("objective/rlhf_reward", reward);
            measured.Add("objective/non_score_reward", reward - answer.Score);
        }

        measured.Set("objective/kl_coef", beta);
        return kl.KlPlacement == KlPlacement.Reward ? paid : [.. answers.Select(a => Ppo.Rewards(a, 0, kl.KlEstimator))];
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

    /// <summary>What decides where to stop, and which weights are best; null where that is the evaluation itself.</summary>
    private async ValueTask<Metrics?> ValidateAsync(Metrics measured, CancellationToken cancel)
    {
        if (_context.Validation is not { } validation || !(_stopping.Watches || _options.Training.KeepBest))
        {
            return null;
        }

        return await validation.ValidateAsync(_context.Policy, measured, cancel);
    }

    /// <summary>The reward of answers to held-out prompts, by which the best weights are chosen.</summary>
    private async ValueTask<Metrics> MeasureAsync(Progress at, CancellationToken cancel)
    {
        await _context.Sampler.UseWeightsAsync(_context.Policy, at.Updates, cancel);
        if (_context.Validation is not { } validation)
        {
            return PolicyEvaluation.Summarise(await _context.Evaluation!.EvaluateAsync(_context.Policy, cancel));
        }

        var measured = new Metrics();
        await validation.ValidateAsync(_context.Policy, measured, cancel);
        return measured;
    }
}
