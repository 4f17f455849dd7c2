using System.ComponentModel;
using Attune.Data.Cleaning;

namespace Attune.Recipes.Stages;

/// <summary>The group of options that says what becomes of doubtful rows of preferences.</summary>
public sealed record CleaningOptions
{
    [Description("rows with an empty answer: drop or keep")]
    public RowHandling EmptyAnswers { get; init; } = RowHandling.Drop;

    [Description("rows that have the same answers with the opposite label: drop or keep")]
    public RowHandling ContradictoryRows { get; init; } = RowHandling.Keep;

    internal PreferenceCleaning Rules => new() { EmptyAnswers = EmptyAnswers, Contradictions = ContradictoryRows };
}
