using Attune.Methods.Preference;
using Attune.Models.Architecture;
using Attune.Recipes.Binding;

namespace Attune.Recipes.Stages.Direct;

/// <summary>Sequence likelihood calibration.</summary>
public sealed record SlicStage : PairStage
{
    public override string Kind => "slic";
    public override string Purpose => "calibrate the likelihood of pairs (SLiC)";

    [Flatten]
    public SlicOptions Training { get; init; } = new();

    internal override PreferenceOptions Common => Training;

    internal override PairObjective Objective(LanguageModel policy, LanguageModel? reference) => new Slic.Objective(Training, policy);
}
