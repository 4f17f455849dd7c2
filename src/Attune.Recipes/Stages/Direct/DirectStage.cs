using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Data.Cleaning;
using Attune.Methods;
using Attune.Methods.Preference;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;

namespace Attune.Recipes.Stages.Direct;

/// <summary>Learns from judgements without a reward model and without sampling: what the methods of this kind share.</summary>
public abstract record DirectStage : EvaluatedStage
{
    [Description("preferences: a file of pairs, choices, rankings or (kto) verdicts; left out, what the preferences stage collected")]
    public string? Data { get; init; }

    [Description("judgements on other prompts to measure with; left out, test_split of the data")]
    public string? HeldOutData { get; init; }

    [Description("rows to use; 0 for all")]
    [Range(0, int.MaxValue)]
    public int Rows { get; init; }

    [Description("rows with an empty answer: drop or keep")]
    public RowHandling EmptyAnswers { get; init; } = RowHandling.Drop;

    [Description("rows that have the same answers with the opposite label: drop or keep")]
    public RowHandling ContradictoryRows { get; init; } = RowHandling.Keep;

    /// <summary>The method's options.</summary>
    internal abstract IPreferenceMethod Common { get; }

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingModels(given),
            .. Data is null && !given.Preferences ? [NeedsData] : Array.Empty<string>(),
            .. DataSource.MissingFile($"{Kind}.data", Data),
            .. DataSource.MissingFile($"{Kind}.held_out_data", HeldOutData),
        ];

    internal override IEnumerable<string?> LearnsFrom(Artifacts given) => LearnsFromLabels(given, Data);

    internal string NeedsData => $"{Kind}.data is missing: name a preference file, or put a preferences stage before this one.";

    internal PreferenceCleaning Cleaning => new() { EmptyAnswers = EmptyAnswers, Contradictions = ContradictoryRows };

    internal sealed override TrainingOptions Options => Common.Training;
}
