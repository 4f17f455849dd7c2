using Attune.Methods.Preference;
using Attune.Models.Architecture;
using Attune.Recipes.Binding;

namespace Attune.Recipes.Stages.Direct;

/// <summary>Odds-ratio preference optimisation.</summary>
public sealed record OrpoStage : PairStage
{
    public override string Kind => "orpo";
    public override string Purpose => "imitate chosen answers and avoid rejected ones (ORPO)";

    [Flatten]
    public OrpoOptions Training { get; init; } = new();

    internal override PreferenceOptions Common => Training;

    internal override PairObjective Objective(LanguageModel policy, LanguageModel? reference) => new Orpo.Objective(Training, policy);
}
