using System.Collections.Immutable;
using System.Globalization;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Methods;
using Attune.Models.Weights;
using Attune.Training;
using Attune.Training.Checkpoints;
using Attune.Training.Contracts;

namespace Attune.Recipes.Running;

public sealed partial class StageContext
{
    /// <summary>In which training is only tried, to say what it would take; null in a run.</summary>
    internal Trial? Trial { get; init; }

    /// <summary>Trains to the end, from the newest checkpoint if there is one.</summary>
    /// <param name="name">Folder for the checkpoints below the stage's; empty for the stage's own.</param>
    /// <exception cref="OperationCanceledException">Cancelled after a checkpoint was written.</exception>
    public async Task<Progress> FitAsync<T>(
        IObjective<T> objective,
        IExperience<T> experience,
        TrainingOptions options,
        ImmutableArray<DataHash> data,
        string task,
        CancellationToken cancel,
        string name = ""
    )
    {
        RequirePrecision(options, objective.Learners);
        RequireEvaluation(options, experience.Evaluation);
        var place = name.Length == 0 ? folder : Path.Combine(folder, name);
        var start = Progress.Start(name.Length == 0 ? seed : seed.For(name));
        var checkpoints = Trial is not null ? null : new DirectoryCheckpoints(place, data, options.KeepCheckpoints);
        using var loop = new TrainingLoop<T>(
            objective,
            experience,
            options.LearningRateSchedule,
            options.Optimiser,
            LoopOptionsOf(options),
            checkpoints
        );
        if (Trial is not null)
        {
            return await Trial.TryAsync(loop, start, experience.Rows);
        }

        var observer = new LoopLog(stage, task, log, screen) { StopsOnDivergence = options.StopOnDivergence };
        start = Begin(loop.Restore(), start, place, task, observer);
        var (progress, end) = await loop.RunAsync(start, observer, cancel);
        if (end == LoopEnd.Cancelled)
        {
            throw new OperationCanceledException(cancel);
        }

        NoteEnd(task, loop.Best, experience.StoppedBecause);
        return progress;
    }

    private static LoopOptions LoopOptionsOf(TrainingOptions options) =>
        new(options.EffectiveMicrobatch, options.CheckpointEvery)
        {
            EmaDecay = options.EmaDecay,
            MaxUpdates = options.MaxSteps,
            KeepsBest = options.KeepBest,
        };

    private void RequirePrecision(TrainingOptions options, IReadOnlyList<FlatParameters> learners)
    {
        if (options.Precision == Precision.Bf16 && learners.All(l => l.Type == TorchSharp.torch.ScalarType.Float32))
        {
            throw new ConfigurationException($"{stage}.precision is bf16, but this stage trains in f32 alone. Leave precision out.");
        }
    }

    private void RequireEvaluation(TrainingOptions options, Func<Progress, CancellationToken, ValueTask<Metrics>>? evaluation)
    {
        if (options.KeepBest && (evaluation is null || options.EmaDecay > 0))
        {
            throw new ConfigurationException(
                options.EmaDecay > 0
                    ? $"{stage}.keep_best and ema_decay are both on: a run ends with one or the other. Leave one of them out."
                    : $"{stage}.keep_best is on, but nothing is held out that this stage measures while it trains. Expected held-out rows "
                        + "(test_split or held-out data) and evaluate_every above 0, for methods that sample held-out prompts and a "
                        + "reward, or keep_best: false."
            );
        }
    }

    /// <summary>Brings the log back to where the checkpoint stands; without one, to where the work began.</summary>
    private Progress Begin(CheckpointManifest? checkpoint, Progress start, string place, string task, LoopLog observer)
    {
        if (checkpoint is null)
        {
            LogPosition.Return(log, place);
            if (_leftOut.Count > 0)
            {
                log.Append(new RunEvent(log.NextSequence, stage, "data", 0, 0, 0, _leftOut));
            }

            return start;
        }

        log.TruncateAfter(checkpoint.LastSequence);
        observer.GoOn(log.EventsOf(stage));
        screen.Note($"{task}: going on from update {checkpoint.Updates}");
        return start with { Round = checkpoint.Round, Updates = checkpoint.Updates, Items = checkpoint.Items };
    }

    private void NoteEnd(string task, long? best, string? stoppedBecause)
    {
        if (best is { } update)
        {
            Note(string.Create(CultureInfo.InvariantCulture, $"{task}: ends with the weights after update {update} (keep_best)"));
        }

        if (stoppedBecause is { } reason)
        {
            Note($"stopped early: {reason}");
        }
    }
}
