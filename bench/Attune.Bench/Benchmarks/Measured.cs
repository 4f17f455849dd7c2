using System.Collections.Immutable;
using System.Diagnostics;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods.Supervised;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Decoding;
using Attune.Training;
using Attune.Training.Contracts;
using Attune.Training.Optimisation;

namespace Attune.Bench.Benchmarks;

/// <summary>Something that can be done again and again and timed.</summary>
internal abstract class Measured : IDisposable
{
    /// <returns>Seconds of each repeat.</returns>
    public abstract double[] Run(int repeats, CancellationToken cancel);

    /// <summary>Median seconds of the parts of the last run's repeats; empty where it has none.</summary>
    public virtual IReadOnlyDictionary<string, double> Parts => ImmutableDictionary<string, double>.Empty;

    public abstract void Dispose();

    public static Measured Of(TransformerConfig config, BenchmarkCase work, Seed seed) =>
        work switch
        {
            TrainCase train => new MeasuredTraining(config, train, seed),
            DecodeCase decode => new MeasuredDecoding(config, decode, decode.Batch, decode.Prompt, decode.NewTokens, seed),
            PrefillCase prefill => new MeasuredDecoding(config, prefill, prefill.Batch, prefill.Prompt, 1, seed),
            PpoCase ppo => new MeasuredPpo(config, ppo, seed),
            RepackCase repack => new MeasuredRepacking(config, repack, seed),
            _ => throw new UnreachableException(),
        };

    protected static int[] RandomTokens(TransformerConfig config, int count, Seed seed)
    {
        var rng = seed.Rng();
        return [.. Enumerable.Range(0, count).Select(_ => rng.NextInt(config.VocabularySize))];
    }
}

/// <summary>Supervised fine-tuning through the loop that all training goes through, on the same rows each step.</summary>
internal sealed class MeasuredTraining : Measured, IExperience<PackedRow>, ILoopObserver
{
    private readonly LanguageModel _model;
    private readonly TrainingLoop<PackedRow> _loop;
    private readonly Round<PackedRow> _round;
    private readonly List<double> _seconds = [];
    private Progress _progress;
    private long _started;

    public MeasuredTraining(TransformerConfig config, TrainCase work, Seed seed)
    {
        _model = new LanguageModel(config, seed.For("weights"), work.Precision);
        PackedRow[] rows =
        [
            .. Enumerable
                .Range(0, work.Batch)
                .Select(row => new PackedRow([new TokenSequence([.. RandomTokens(config, work.Time, seed.For("row", row))], 0)])),
        ];
        _round = new Round<PackedRow>([rows], work.Batch);
        var optimiser = new OptimiserOptions { WeightDecay = 0.01, MaxGradientNorm = 1 };
        _loop = new TrainingLoop<PackedRow>(
            new Sft.Objective(_model),
            this,
            new Schedule(ScheduleKind.Constant, Peak: 1e-4, WarmupRatio: 0),
            optimiser,
            new LoopOptions(work.Batch, CheckpointEvery: 0),
            checkpoints: null
        );
        _progress = Progress.Start(seed);
    }

    public long PlannedUpdates { get; private set; }

    long ILoopObserver.LastSequence => 0;

    public override double[] Run(int repeats, CancellationToken cancel)
    {
        _seconds.Clear();
        PlannedUpdates = _progress.Updates + repeats;
        // Nothing here waits, so the task is complete when it is returned, and every step ran on this thread.
        (_progress, _) = _loop.RunAsync(_progress, this, cancel).GetAwaiter().GetResult();
        cancel.ThrowIfCancellationRequested();
        return [.. _seconds];
    }

    public ValueTask<Round<PackedRow>?> NextAsync(Progress at, CancellationToken cancel)
    {
        _started = Stopwatch.GetTimestamp();
        return ValueTask.FromResult(at.Updates < PlannedUpdates ? _round : null);
    }

    public void OnUpdate(Progress progress, long plannedUpdates, Metrics metrics) =>
        _seconds.Add(Stopwatch.GetElapsedTime(_started).TotalSeconds);

    public void OnRound(Progress progress, Metrics metrics, IReadOnlyList<SampleEvent> samples) { }

    public override void Dispose()
    {
        _loop.Dispose();
        _model.Dispose();
    }
}

/// <summary>Sampling with the rollout engine.</summary>
internal sealed class MeasuredDecoding : Measured
{
    private readonly DecodeEngine _engine;
    private readonly SampleRequest[] _requests;
    private readonly SamplingOptions _options;

    public MeasuredDecoding(TransformerConfig config, EngineCase work, int batch, int prompt, int newTokens, Seed seed)
    {
        using (var model = new LanguageModel(config, seed.For("weights")))
        {
            _engine = new DecodeEngine(model, type: work.Type);
        }

        _requests =
        [
            .. Enumerable
                .Range(0, batch)
                .Select(row => new SampleRequest([.. RandomTokens(config, prompt, seed.For("prompt", row))], seed.For("answer", row))),
        ];
        _options = new SamplingOptions { MaxNewTokens = newTokens, BatchSize = batch };
    }

    public override double[] Run(int repeats, CancellationToken cancel) =>
        [
            .. Enumerable
                .Range(0, repeats)
                .Select(_ =>
                {
                    var start = Stopwatch.GetTimestamp();
                    _engine.Sample(_requests, _options, weightVersion: 0, finished: null, cancel);
                    return Stopwatch.GetElapsedTime(start).TotalSeconds;
                }),
        ];

    public override void Dispose() => _engine.Dispose();
}

/// <summary>Giving the rollout engine new weights.</summary>
internal sealed class MeasuredRepacking(TransformerConfig config, RepackCase work, Seed seed) : Measured
{
    private readonly LanguageModel _model = new(config, seed.For("weights"));
    private readonly DecodeEngine _engine = new(config, type: work.Type);

    public override double[] Run(int repeats, CancellationToken cancel) =>
        [
            .. Enumerable
                .Range(0, repeats)
                .Select(_ =>
                {
                    cancel.ThrowIfCancellationRequested();
                    var start = Stopwatch.GetTimestamp();
                    _engine.Load(_model);
                    return Stopwatch.GetElapsedTime(start).TotalSeconds;
                }),
        ];

    public override void Dispose()
    {
        _engine.Dispose();
        _model.Dispose();
    }
}
