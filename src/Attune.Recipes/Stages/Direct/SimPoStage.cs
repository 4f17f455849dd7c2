using Attune.Methods.Preference;
using Attune.Models.Architecture;
using Attune.Recipes.Binding;

namespace Attune.Recipes.Stages.Direct;

/// <summary>Simple preference optimisation.</summary>
public sealed record SimPoStage : PairStage
{
    public override string Kind => "simpo";
    public override string Purpose => "learn from pairs without a reference (SimPO)";

    [Flatten]
    public SimPoOptions Training { get; init; } = new();

    internal override PreferenceOptions Common => Training;

    internal override PairObjective Objective(LanguageModel policy, LanguageModel? reference) => new SimPo.Objective(Training, policy);
}
