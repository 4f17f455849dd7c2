using System.Collections.Immutable;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Data.Cleaning;
using Attune.Methods.Preference;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Checkpoints;

namespace Attune.Recipes.Stages;

/// <summary>The groups of options of a method that learns from a file of preferences: its labels, and what it is held against.</summary>
public sealed record PreferenceTask
{
    [Flatten]
    public LabelFiles Labels { get; init; } = new();

    [Flatten]
    public CleaningOptions Cleaning { get; init; } = new();

    [Flatten]
    public EvaluatedTraining Training { get; init; } = new();

    internal IEnumerable<string?> OnlyMeasuresWith => [Training.Evaluation.RewardModel];

    internal IEnumerable<string> Missing(string kind, PlannedArtifacts given) =>
        [.. Training.Missing(kind), .. Labels.Missing(kind, given)];

    /// <summary>Reads the labels, cleaned, and keeps some prompts aside.</summary>
    /// <param name="read">Reads so many rows of a file, cleaned by these rules.</param>
    internal LabelSplit<TLabel> Read<TLabel>(
        string kind,
        Func<string, int, PreferenceCleaning, StageContext, (ImmutableArray<TLabel> Rows, DataHash Hash)> read,
        PreferenceOptions options,
        StageContext context
    )
        where TLabel : Label =>
        Labels.Read(kind, (source, rows) => read(source, rows, Cleaning.Rules, context), row => row.Prompt.Key, options.TestSplit, context);
}
