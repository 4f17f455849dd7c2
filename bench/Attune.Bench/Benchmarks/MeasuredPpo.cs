using System.Collections.Immutable;
using System.Diagnostics;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Training;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;
using Attune.Training.Optimisation;
using Attune.Training.Rewards;
using Attune.Training.Rollouts;

namespace Attune.Bench.Benchmarks;

/// <summary>
/// PPO through the same experience, objective and loop as a run's, on fresh weights and without an end token, so that every answer has the
/// same length and a peer does the same work.
/// </summary>
internal sealed class MeasuredPpo : Measured, IExperience<PpoItem>, ILoopObserver
{
    private const string TimePrefix = "time/";

    private readonly LanguageModel _policy;
    private readonly LanguageModel _reference;
    private readonly RewardModel _reward;
    private readonly FrozenLayerCache? _shared;
    private readonly LocalSampler _sampler;
    private readonly ValueFunction _value;
    private readonly Ppo.Experience _experience;
    private readonly TrainingLoop<PpoItem> _loop;
    private readonly List<double> _seconds = [];
    private readonly List<IReadOnlyDictionary<string, double>> _measured = [];
    private Progress _progress;
    private long _lastRound;
    private long _started;

    public MeasuredPpo(TransformerConfig config, PpoCase work, Seed seed)
    {
        var options = Options(work);
        _sampler = new LocalSampler { Type = options.SamplingType() };
        _policy = new LanguageModel(config, seed.For("weights"), work.Precision);
        _reference = _policy.Copy();
        _policy.Weights.Freeze(work.FrozenLayers);
        _shared =
            work.FrozenLayers > 0 ? new FrozenLayerCache(_policy, work.FrozenLayers, options.Rollouts.SharedStatesMb * 1_000_000L) : null;
        _reward = new RewardModel(
            [.. Enumerable.Range(0, work.RewardModels).Select(i => new ScalarModel(_policy, seed.For("reward", i)))],
            0,
            1
        )
        {
            Shared = _shared,
        };
        foreach (var model in _reward.Members.Append<TransformerModel>(_reference))
        {
            _shared?.Share(model);
        }

        _value = new ValueFunction.SharedTrunk(config.Width);
        var parts = new RolloutContext
        {
            Policy = _policy,
            Reference = _reference,
            Prompts = Prompts(config, work, seed),
            Sampler = _sampler,
            Sampling = new SamplingOptions { MaxNewTokens = work.NewTokens },
            Reward = new LearnedReward(_reward),
            Shared = _shared,
        };
        _experience = new Ppo.Experience(options, parts) { Value = _value };
        _loop = new TrainingLoop<PpoItem>(
            new Ppo.Objective(options, _policy, _value) { Shared = _shared },
            this,
            options.Training.LearningRateSchedule,
            options.Training.Optimiser,
            new LoopOptions(options.Training.EffectiveMicrobatch, CheckpointEvery: 0),
            checkpoints: null
        );
        _progress = Progress.Start(seed);
    }

    private static PromptPool Prompts(TransformerConfig config, PpoCase work, Seed seed) =>
        new([
            .. Enumerable
                .Range(0, work.Rollouts)
                .Select(i =>
                    ((Prompt)new Prompt.Text(""), ImmutableArray.Create(RandomTokens(config, work.Prompt, seed.For("prompt", i))))
                ),
        ]);

    /// <summary>The demo's numbers, where they are not the case's.</summary>
    private static PpoOptions Options(PpoCase work) =>
        new()
        {
            PpoEpochs = work.Epochs,
            Rollouts = new() { TotalEpisodes = 1_000_000_000, RolloutBatchSize = work.Rollouts },
            Sampling = new() { MaxNewTokens = work.NewTokens },
            Kl = new() { KlCoefficient = 0.1 },
            ValueCoefficient = 0.5,
            ValueNetwork = ValueNetwork.SharedTrunk,
            Training = new PpoOptions().Training with
            {
                BatchSize = work.Minibatch,
                FrozenLayers = work.FrozenLayers,
                Precision = work.Precision,
                LearningRate = 5e-4,
                Schedule = ScheduleKind.Constant,
                MaxGradNorm = 1,
            },
        };

    public long PlannedUpdates => _experience.PlannedUpdates;

    long ILoopObserver.LastSequence => 0;

    public override IReadOnlyDictionary<string, double> Parts =>
        _measured
            .SelectMany(m => m)
            // A rate is no part of the time.
            .Where(m => m.Key.StartsWith(TimePrefix, StringComparison.Ordinal) && m.Key != "time/tokens_per_second")
            .GroupBy(m => m.Key[TimePrefix.Length..], m => m.Value)
            .ToDictionary(g => g.Key, g => Spread.Of(g).Median);

    public override double[] Run(int repeats, CancellationToken cancel)
    {
        _seconds.Clear();
        _measured.Clear();
        _lastRound = _progress.Round + repeats;
        // Nothing here waits, so the task is complete when it is returned, and everything ran on this thread.
        (_progress, _) = _loop.RunAsync(_progress, this, cancel).GetAwaiter().GetResult();
        cancel.ThrowIfCancellationRequested();
        return [.. _seconds];
    }

    public ValueTask<Round<PpoItem>?> NextAsync(Progress at, CancellationToken cancel)
    {
        _started = Stopwatch.GetTimestamp();
        return at.Round < _lastRound ? _experience.NextAsync(at, cancel) : ValueTask.FromResult<Round<PpoItem>?>(null);
    }

    public void OnUpdate(Progress progress, long plannedUpdates, Metrics metrics) { }

    public void OnRound(Progress progress, Metrics metrics, IReadOnlyList<SampleEvent> samples)
    {
        _seconds.Add(Stopwatch.GetElapsedTime(_started).TotalSeconds);
        _measured.Add(metrics.Means());
    }

    public override void Dispose()
    {
        _loop.Dispose();
        _value.Dispose();
        _shared?.Dispose();
        _sampler.Dispose();
        _reward.Dispose();
        _reference.Dispose();
        _policy.Dispose();
    }
}
