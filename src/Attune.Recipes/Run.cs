using System.Collections.Immutable;
using System.Diagnostics;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Files;
using Attune.Core.Runs;
using Attune.Data.Sources;
using Attune.Models.Files;
using Attune.Recipes.Running;
using Attune.Reports;

namespace Attune.Recipes;

/// <summary>
/// A recipe at work in a run folder. Finished stages leave a marker with what they handed over, so a run that was stopped, or killed,
/// goes on where it was.
/// </summary>
public sealed class Run(Recipe recipe, string folder, IRunScreen screen, IPerson? person)
{
    internal const string DoneFile = "stage.json";
    private const string ArtifactsFile = "artifacts.json";

    /// <summary>What the file was called in earlier versions.</summary>
    private const string FormerArtifactsFile = "handover.json";

    private readonly StagePlaces _places = new(recipe, folder);

    /// <summary>Opens feedback stores; null where no stage reads one.</summary>
    public IFeedbackStores? Stores { get; init; }

    /// <summary>What an earlier run hands over to the first stage, in place of the recipe's model.</summary>
    public Artifacts? Given { get; init; }

    /// <summary>Called once the recipe has been checked, before the first tensor: a mistake in it need not wait for libtorch.</summary>
    public Action? LoadLibraries { get; init; }

    /// <summary>What the last stage handed over; null before the run has ended.</summary>
    public Artifacts? Product { get; private set; }

    /// <summary>Runs all stages that are not done yet, and writes result and report.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; run again with resume to go on.</exception>
    public async Task<RunResult> RunAsync(CancellationToken cancel)
    {
        using var guard = RunLock.Take(folder);
        DeleteLeftovers();
        using var tracking = new RunTracking(recipe.Tracking, recipe.Name, folder, _places.FolderOf);
        using var log = EventLog.Open(folder, TimeProvider.System, tracking);
        var start =
            Given is not null ? Given.Policy
            : recipe.Model is null ? null
            : EmbeddedModel.Resolve(recipe.Model);
        var artifacts = Given ?? new Artifacts { Policy = start, Pretrained = start };
        ConfigurationCheck.Run(recipe, artifacts, Enumerable.Range(0, recipe.Stages.Length).Where(i => !_places.IsFinished(i)));
        LoadLibraries?.Invoke();
        var results = ImmutableArray.CreateBuilder<StageResult>();
        for (var i = 0; i < recipe.Stages.Length; i++)
        {
            if (Finished(i) is { } done)
            {
                (artifacts, var result) = done;
                results.Add(result);
                continue;
            }

            cancel.ThrowIfCancellationRequested();
            (var finished, artifacts) = await ReportedAsync(() => RunStageAsync(i, artifacts, log, cancel), log, tracking);
            results.Add(finished);
            screen.EndStage(finished);
        }

        Product = artifacts;
        return Finish(artifacts, start, results.ToImmutable());
    }

    /// <summary>However a stage ends, its figures are written; where it fails, the report says how far it came.</summary>
    private async Task<T> ReportedAsync<T>(Func<Task<T>> work, EventLog log, RunTracking tracking)
    {
        try
        {
            return await work();
        }
        catch (AttuneException) when (log.NextSequence > 1)
        {
            RunReport.Write(folder);
            throw;
        }
        finally
        {
            tracking.WriteTables();
        }
    }

    private async Task<(StageResult Result, Artifacts Artifacts)> RunStageAsync(
        int index,
        Artifacts artifacts,
        EventLog log,
        CancellationToken cancel
    )
    {
        Begin(index, log);
        var (name, stage) = (_places.Name(index), recipe.Stages[index]);
        screen.BeginStage(index + 1, recipe.Stages.Length, name, stage.Purpose);
        var clock = Stopwatch.StartNew();
        var context = Context(index, artifacts, log);
        var provenance = StageProvenance.Of(name, stage, artifacts);
        foreach (var note in provenance.Notes())
        {
            screen.Note(note);
        }

        if (stage.NoteOfPreset() is { } unlike)
        {
            context.Note(unlike);
        }

        var finished = await stage.RunAsync(context, cancel);
        provenance.Record(folder, context.Artifacts);
        finished = finished with
        {
            Name = name,
            Title = _places.Title(index),
            Seconds = clock.Elapsed.TotalSeconds,
            Notes = context.Notes,
            Snapshots = provenance.Learned(folder),
            Metrics = finished.Metrics.Concat(context.LeftOut).ToDictionary(m => m.Key, m => m.Value),
        };
        if (DivergenceWatch.Of(log.EventsOf(name), finished.Metrics) is { } problem)
        {
            finished = finished with { Diverged = problem };
            screen.Warn($"{name}: training has diverged: {problem}");
        }

        End(index, artifacts, context.Artifacts, finished);
        return (finished, context.Artifacts);
    }

    private StageContext Context(int index, Artifacts artifacts, EventLog log)
    {
        var (name, stage) = (_places.Name(index), recipe.Stages[index]);
        return new StageContext(name, _places.Folder(index), new Seed(recipe.Seed).For(name), log, screen, person, artifacts)
        {
            Template = stage.Template,
            Decontaminate = stage.Decontaminate,
            Columns = stage.Columns is { } columns ? ColumnMap.Parse(columns) : null,
            Stores = Stores,
        };
    }

    /// <summary>A stage that starts again without a checkpoint leaves no trace of its first attempt.</summary>
    private void Begin(int index, EventLog log)
    {
        var stage = _places.Folder(index);
        // With a checkpoint, the stage itself cuts the log back to it.
        if (!Directory.Exists(stage) || !Directory.EnumerateDirectories(stage, "checkpoint-*", SearchOption.AllDirectories).Any())
        {
            LogPosition.Return(log, stage);
        }
    }

    private (Artifacts, StageResult)? Finished(int index) =>
        _places.IsFinished(index)
            ? (Artifacts.Read(ArtifactsPath(index), folder), StageResultFile.Read(Path.Combine(_places.Folder(index), DoneFile)))
            : null;

    private string ArtifactsPath(int index)
    {
        var path = Path.Combine(_places.Folder(index), ArtifactsFile);
        var former = Path.Combine(_places.Folder(index), FormerArtifactsFile);
        return File.Exists(path) || !File.Exists(former) ? path : former;
    }

    /// <summary>What a kill in the middle of a write left behind.</summary>
    private void DeleteLeftovers()
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(AtomicFile.IsLeftover).ToArray())
        {
            File.Delete(file);
        }
    }

    private void End(int index, Artifacts before, Artifacts artifacts, StageResult result)
    {
        var finished = Enumerable.Range(0, index).Select(i => Finished(i)?.Item2).OfType<StageResult>();
        ModelCard.Write(recipe, before, artifacts, [.. finished, result]);
        artifacts.Write(Path.Combine(_places.Folder(index), ArtifactsFile), folder);
        StageResultFile.Write(Path.Combine(_places.Folder(index), DoneFile), result);
    }

    private RunResult Finish(Artifacts artifacts, string? start, ImmutableArray<StageResult> stages)
    {
        var final = new RunFolder(folder).FinalFolder;
        if (artifacts.Policy is { } policy && recipe.Stages.Length > 1 && !Directory.Exists(final) && policy != start)
        {
            CopyWhole(policy, final);
        }

        var result = new RunResult(recipe.Name, RunningProgram.Version, recipe.Seed, Summary(stages), stages)
        {
            Started = File.GetCreationTimeUtc(new RunFolder(folder).RecipeFile),
            Machine = RunningProgram.Machine,
            Commit = RunningProgram.Commit,
        };
        new RunFolder(folder).WriteResult(result);
        RunReport.Write(folder);
        return result;
    }

    private static void CopyWhole(string source, string target)
    {
        var temporary = target + ".unfinished";
        Directory.CreateDirectory(temporary);
        foreach (var file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, Path.Combine(temporary, Path.GetFileName(file)), overwrite: true);
        }

        Directory.Move(temporary, target);
    }

    /// <summary>The figures that scripts and reports look for first; null where the run has no such stage.</summary>
    private static Dictionary<string, double?> Summary(ImmutableArray<StageResult> stages)
    {
        var aligned = stages.LastOrDefault(s => s.Metrics.ContainsKey("kl_nats") || s.Metrics.ContainsKey("kl_nats_bound"));
        var summary = new Dictionary<string, double?>();
        foreach (
            var name in new[]
            {
                "gold_reward_before",
                "gold_reward_after",
                "proxy_reward_before",
                "proxy_reward_after",
                "kl_nats",
                "win_rate_vs_reference",
                "win_rate_vs_reference_low",
                "win_rate_vs_reference_high",
                "perplexity_pretrained_before",
                "perplexity_pretrained_after",
                "unknown_word_share_before",
                "unknown_word_share_after",
            }
        )
        {
            summary[name] = aligned is not null && aligned.Metrics.TryGetValue(name, out var value) ? value : null;
        }

        var ordered = stages.LastOrDefault(s => s.Metrics.ContainsKey("preference_accuracy"));
        foreach (var name in ordered is null ? [] : new[] { "preference_accuracy", "preference_accuracy_low", "preference_accuracy_high" })
        {
            summary[name] = ordered!.Metrics[name];
        }

        var reward = stages.LastOrDefault(s => s.Metrics.ContainsKey("accuracy"));
        summary["reward_model_accuracy"] = reward?.Metrics["accuracy"];
        summary["seconds"] = stages.Sum(s => s.Seconds);
        return summary;
    }
}
