using Attune.Methods.Preference;
using Attune.Models.Architecture;
using Attune.Recipes.Binding;

namespace Attune.Recipes.Stages.Direct;

/// <summary>Direct preference optimisation and its kin.</summary>
public sealed record DpoStage : PairStage
{
    public override string Kind => "dpo";
    public override string Purpose => "learn from pairs directly (DPO)";

    [Flatten]
    public DpoOptions Training { get; init; } = new();

    internal override PreferenceOptions Common => Training;

    internal override PairObjective Objective(LanguageModel policy, LanguageModel? reference) =>
        new Dpo.Objective(Training, policy, reference);
}
