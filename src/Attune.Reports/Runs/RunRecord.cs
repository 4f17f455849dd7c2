using System.Collections.Immutable;
using Attune.Core.Runs;

namespace Attune.Reports.Runs;

/// <summary>Everything in a run folder, whether or not the run is finished.</summary>
/// <param name="Name">The run's name, or the folder's while there is no result.</param>
/// <param name="Result">Null while the run is not finished.</param>
/// <param name="Recipe">The text of <c>recipe.yaml</c>.</param>
/// <param name="Remarks">What could not be read: half-written last lines.</param>
public sealed record RunRecord(
    string Name,
    RunResult? Result,
    ImmutableArray<RunEvent> Events,
    ImmutableArray<SampleEvent> Samples,
    string? Recipe,
    ImmutableArray<string> Remarks
)
{
    /// <exception cref="Core.DataException">A file of the folder is damaged.</exception>
    public static RunRecord Read(string runFolder)
    {
        var folder = new RunFolder(runFolder);
        if (!Directory.Exists(runFolder))
        {
            throw new Core.AttuneException($"{runFolder} is not a folder. Give the folder that a run was written to.");
        }

        if (!folder.IsOne)
        {
            throw new Core.AttuneException(
                $"{runFolder} holds no run: expected recipe.yaml, events.jsonl or result.json. Give a run's folder."
            );
        }

        var (events, samples, result) = (folder.ReadEvents(), folder.ReadSamples(), folder.ReadResult());
        var name = result?.Name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(runFolder)));
        return new RunRecord(
            name,
            result,
            events.Entries,
            samples.Entries,
            File.Exists(folder.RecipeFile) ? File.ReadAllText(folder.RecipeFile) : null,
            [.. new[] { events.Unfinished, samples.Unfinished }.OfType<string>()]
        );
    }

    /// <summary>Stage names in the order they ran, those that logged nothing too.</summary>
    public IEnumerable<string> Stages => (Result?.Stages.Select(stage => stage.Name) ?? []).Concat(Events.Select(e => e.Stage)).Distinct();

    public IEnumerable<RunEvent> EventsOf(string stage) => Events.Where(e => e.Stage == stage);

    /// <summary>Stages whose training has diverged, by title, and what shows it; older runs tell it by their logs.</summary>
    public IEnumerable<(string Stage, string Problem)> Diverged =>
        from stage in Stages
        let problem = ResultOf(stage)?.Diverged ?? DivergenceWatch.Of(EventsOf(stage), ResultOf(stage)?.Metrics)
        where problem is not null
        select (TitleOf(stage), problem);

    /// <summary>A stage's name for readers: its own while it has no result.</summary>
    public string TitleOf(string stage) => ResultOf(stage)?.Title ?? stage;

    public StageResult? ResultOf(string stage) => Result?.Stages.LastOrDefault(result => result.Name == stage);

    /// <summary>A figure of the last stage that has it; null where none has.</summary>
    public double? Last(string metric) =>
        Result?.Stages.LastOrDefault(s => s.Metrics.ContainsKey(metric))?.Metrics[metric] is { } figure && double.IsFinite(figure)
            ? figure
            : null;

    /// <summary>A figure of the summary, or null where the run could not measure it.</summary>
    public double? Summary(string name) =>
        Result is not null && Result.Summary.TryGetValue(name, out var value) && value is { } figure && double.IsFinite(figure)
            ? figure
            : null;
}
