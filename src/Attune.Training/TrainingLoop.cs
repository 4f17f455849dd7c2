using System.Diagnostics;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Models.Weights;
using Attune.Training.Checkpoints;
using Attune.Training.Contracts;
using Attune.Training.Optimisation;
using TorchSharp;

namespace Attune.Training;

/// <summary>
/// The one training loop: draw a round, take its updates, report, checkpoint. Offline and online algorithms differ only in
/// where the round comes from. All chance comes from <see cref="Progress"/>, so a resumed run is the uninterrupted run, bit for bit.
/// </summary>
public sealed class TrainingLoop<T>(
    IObjective<T> objective,
    IExperience<T> experience,
    Schedule schedule,
    OptimiserOptions optimiser,
    LoopOptions options,
    DirectoryCheckpoints? checkpoints
) : IDisposable
{
    private readonly Optimiser _optimiser = new(objective.Groups, optimiser);

    // After the optimiser, which puts masters behind weights of a lesser type.
    private readonly WeightEma? _average = options.EmaDecay > 0 ? new(objective.Learners, options.EmaDecay) : null;
    private TimeSpan? _saving;

    private readonly BestWeights? _best = options.KeepsBest && checkpoints is not null ? new(checkpoints) : null;

    /// <summary>After which update the weights were best that it ended with; null where the best are not kept.</summary>
    public long? Best => _best?.Updates;

    private long Planned => options.MaxUpdates > 0 ? options.MaxUpdates : experience.PlannedUpdates;

    private IReadOnlyList<FlatParameters> Followers => [.. experience.Followers, .. _average?.Averages ?? []];

    /// <summary>Loads the newest checkpoint, if there is one.</summary>
    /// <returns>Where to go on, and the log's sequence number at that point; null where there is nothing to resume.</returns>
    public CheckpointManifest? Restore()
    {
        var manifest = checkpoints?.RestoreLatest(_optimiser.Parts, Followers);
        if (manifest is not null)
        {
            experience.Restore(manifest.State);
        }

        return manifest;
    }

    /// <summary>Runs to the end, or until cancelled. At the end the learners hold their moving average, where one is kept.</summary>
    public async Task<(Progress Progress, LoopEnd End)> RunAsync(Progress start, ILoopObserver observer, CancellationToken cancel)
    {
        var progress = start;
        if (options.MaxUpdates > 0)
        {
            experience.PlanFor(options.MaxUpdates);
        }

        while (true)
        {
            Round<T>? round;
            try
            {
                round = cancel.IsCancellationRequested || IsOver(progress) ? null : await experience.NextAsync(progress, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested) // a server's time-out is no end of the run
            {
                round = null;
            }

            if (round is null)
            {
                Checkpoint(progress, observer);
                return (progress, cancel.IsCancellationRequested ? LoopEnd.Cancelled : await FinishAsync(progress, cancel));
            }

            _best?.Offer(round.Measured, _optimiser.Parts, progress);

            // A round, once drawn, is learned whole even if cancelled meanwhile: half a round could not be replayed.
            progress = Learn(round, progress, observer);
            if (options.CheckpointEvery > 0 && progress.Round % options.CheckpointEvery == 0)
            {
                Checkpoint(progress, observer);
            }
        }
    }

    public void Dispose()
    {
        _average?.Dispose();
        _optimiser.Dispose();
    }

    /// <summary>The last checkpoint keeps the weights as they were trained; what is used from now on is their average.</summary>
    private async ValueTask<LoopEnd> FinishAsync(Progress progress, CancellationToken cancel)
    {
        _average?.Use();
        if (_best is null || experience.Evaluation is not { } evaluate)
        {
            return LoopEnd.Finished;
        }

        try
        {
            _best.Offer(await evaluate(progress, cancel), _optimiser.Parts, progress);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return LoopEnd.Cancelled;
        }

        _best.Use(_optimiser.Parts);
        return LoopEnd.Finished;
    }

    private bool IsOver(Progress progress) => options.MaxUpdates > 0 && progress.Updates >= options.MaxUpdates;

    private Progress Learn(Round<T> round, Progress progress, ILoopObserver observer)
    {
        var online = round.Measured.Any;
        var learning = TimeSpan.Zero;
        var tokens = 0L;
        var done = 0;
        foreach (var items in round.Updates)
        {
            var began = Stopwatch.GetTimestamp();
            var metrics = Update(items, progress);
            var elapsed = Stopwatch.GetElapsedTime(began);
            learning += elapsed;
            var read = items.Sum(i => (long)objective.Tokens(i));
            tokens += read;
            if (!online)
            {
                AddSpeed(metrics, read, elapsed);
            }

            progress = progress with { Updates = progress.Updates + 1 };
            _average?.Update();
            experience.Updated(progress);
            observer.OnUpdate(progress, Planned, metrics);
            if (round.EndsAfter?.Invoke(++done, metrics) == true || IsOver(progress))
            {
                break;
            }
        }

        progress = progress with { Round = progress.Round + 1, Items = progress.Items + round.Items };
        if (online)
        {
            AddSpeed(round.Measured, tokens, learning);
            AddSaving(round.Measured);
        }

        observer.OnRound(progress, round.Measured, round.Samples);
        return progress;
    }

    private void Checkpoint(Progress progress, ILoopObserver observer)
    {
        if (checkpoints is null)
        {
            return;
        }

        var start = Stopwatch.GetTimestamp();
        checkpoints.Save(_optimiser.Parts, progress, experience.State, observer.LastSequence, Followers);
        _saving = Stopwatch.GetElapsedTime(start);
    }

    private static void AddSpeed(Metrics metrics, long tokens, TimeSpan learning)
    {
        metrics.Set("time/update", learning.TotalSeconds);
        metrics.Set("time/tokens_per_second", tokens / Math.Max(1e-6, learning.TotalSeconds));
        metrics.Set("memory/resident", Environment.WorkingSet / (double)(1 << 30));
    }

    /// <summary>A checkpoint holds the log's length at its round, so its own time is reported with the next round.</summary>
    private void AddSaving(Metrics round)
    {
        if (_saving is { } saving)
        {
            round.Set("time/checkpoint", saving.TotalSeconds);
            _saving = null;
        }
    }

    /// <summary>One optimiser step. Synchronous on purpose: dispose scopes and grad mode belong to the thread.</summary>
    private Metrics Update(IReadOnlyList<T> items, Progress progress)
    {
        using var step = torch.NewDisposeScope();
        var metrics = new Metrics();
        for (var i = 0; i < objective.Learners.Count; i++)
        {
            objective.Learners[i].BeginUpdate(progress.Seed.For("dropout", progress.Updates, i));
        }

        // Known before the first backward, so that accumulating over microbatches gives the exact mean.
        var total = items.Sum(objective.Weight);
        var parts = items.OrderBy(objective.Length).Chunk(options.Microbatch).ToArray();
        foreach (var part in parts)
        {
            using var scope = torch.NewDisposeScope();
            var (loss, measured) = objective.Evaluate(part);
            (loss / total).backward();
            if (parts.Length > 1)
            {
                _optimiser.Gather();
            }

            metrics.AddSum("loss", loss.ToDouble(), part.Sum(objective.Weight));
            metrics.Add(measured);
        }

        if (!_optimiser.Step(progress.Updates, Planned, schedule, metrics))
        {
            throw new AttuneException(
                $"the gradient of update {progress.Updates + 1} is not finite (loss {metrics["loss"]:g4}): training has diverged. "
                    + "Lower learning_rate or set max_grad_norm; the weights of the last checkpoint are intact."
            );
        }

        return metrics;
    }
}
