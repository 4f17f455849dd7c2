using System.ComponentModel;
using Attune.Data.Cleaning;

namespace Attune.Recipes.Stages;

/// <summary>The group of options that says what becomes of doubtful rows of preferences.</summary>
public sealed record CleaningOptions
{
    [Description("whether to drop or keep rows with an empty answer")]
    public RowHandling EmptyAnswers { get; init; } = RowHandling.Drop;

    [Description("whether to drop or keep rows that contradict another: the same answers with the opposite label")]
    public RowHandling ContradictoryRows { get; init; } = RowHandling.Keep;

    internal PreferenceCleaning Rules => new() { EmptyAnswers = EmptyAnswers, Contradictions = ContradictoryRows };
}
