using System.Diagnostics;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Data.Sources;
using Attune.Models.Files;
using Attune.Recipes.Running;
using Attune.Recipes.Stages;

namespace Attune.Recipes;

/// <summary>
/// A recipe that is tried in a folder of its own: each stage is made ready, its training ends after a few rounds, and what it made of them
/// is handed on, so that the next stage can be tried too.
/// </summary>
public sealed class DryRun(Recipe recipe, string folder, IRunScreen screen)
{
    private readonly StagePlaces _places = new(recipe, folder);

    /// <summary>Opens feedback stores; null where no stage reads one.</summary>
    public IFeedbackStores? Stores { get; init; }

    /// <summary>Called once the recipe has been checked, before the first tensor.</summary>
    public Action? LoadLibraries { get; init; }

    /// <summary>What a stage may take that trains nothing, or that has others after it, beside its training.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>What each stage would take, in their order.</summary>
    /// <exception cref="AttuneException">What a stage finds wrong before it trains, or a mistake of the recipe.</exception>
    public async Task<IReadOnlyList<DryRunStage>> RunAsync(CancellationToken cancel)
    {
        using var log = EventLog.Open(folder, TimeProvider.System);
        var start = recipe.Model is null ? null : EmbeddedModel.Resolve(recipe.Model);
        var artifacts = new Artifacts { Policy = start, Pretrained = start };
        ConfigurationCheck.Run(recipe, artifacts, Enumerable.Range(0, recipe.Stages.Length));
        LoadLibraries?.Invoke();
        var stages = new List<DryRunStage>();
        for (var i = 0; i < recipe.Stages.Length; i++)
        {
            screen.BeginStage(i + 1, recipe.Stages.Length, _places.Name(i), recipe.Stages[i].Purpose);
            if (WhyNot(i, artifacts, stages) is { } reason)
            {
                stages.Add(new(_places.Name(i), recipe.Stages[i].Purpose, [], 0, 0, reason));
                continue;
            }

            var clock = Stopwatch.StartNew();
            (var tried, artifacts) = await TryAsync(i, artifacts, log, cancel);
            stages.Add(tried);
            screen.EndStage(new StageResult(tried.Name, clock.Elapsed.TotalSeconds, new Dictionary<string, double>()));
        }

        return stages;
    }

    private string? WhyNot(int index, Artifacts artifacts, List<DryRunStage> before)
    {
        var stage = recipe.Stages[index];
        var makers = before.Where(s => s.NotTried is not null).Select(s => s.Name).ToArray();
        return stage.AsksOutside is { } outside ? $"it asks {outside}, which a dry run does not"
            : makers.Length > 0 && stage.Missing(PlannedArtifacts.Of(artifacts)).Any()
                ? $"it depends on what {string.Join(" and ", makers)} would make"
            : null;
    }

    private async Task<(DryRunStage, Artifacts)> TryAsync(int index, Artifacts artifacts, EventLog log, CancellationToken cancel)
    {
        var (stage, last) = (recipe.Stages[index], index == recipe.Stages.Length - 1);
        var trains = MethodStages.IsMethod(stage.GetType());
        // Nobody needs what the last stage makes of a few rounds; an ensemble's next member begins at once.
        using var trial = new Trial(
            trains ? null : Patience,
            last ? TimeSpan.FromSeconds(Math.Min(5, Patience.TotalSeconds)) : Patience,
            cancel
        );
        var context = Context(index, artifacts, log, trial);
        var clock = Stopwatch.StartNew();
        string? cut = null;
        try
        {
            await stage.RunAsync(context, trial.Begin());
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            cut =
                trial.Trainings.Count == 0 ? $"it was not done within {Patience.TotalSeconds:0} seconds"
                : last ? null
                : $"what follows its training was not done within {Patience.TotalSeconds:0} seconds";
        }

        using var process = Process.GetCurrentProcess();
        var tried = new DryRunStage(
            _places.Name(index),
            stage.Purpose,
            [.. trial.Trainings],
            clock.Elapsed.TotalSeconds - trial.SecondsTraining + trial.SecondsLeftOut,
            process.PeakWorkingSet64 / (double)(1 << 30),
            cut
        );
        return (tried, cut is null ? context.Artifacts : artifacts);
    }

    private StageContext Context(int index, Artifacts artifacts, EventLog log, Trial trial)
    {
        var (name, stage) = (_places.Name(index), recipe.Stages[index]);
        return new StageContext(name, _places.Folder(index), new Seed(recipe.Seed).For(name), log, screen, person: null, artifacts)
        {
            Template = stage.Template,
            Decontaminate = stage.Decontaminate,
            Columns = stage.Columns is { } columns ? ColumnMap.Parse(columns) : null,
            Stores = Stores,
            Trial = trial,
        };
    }
}
