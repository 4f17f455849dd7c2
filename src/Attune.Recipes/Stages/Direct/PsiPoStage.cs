using Attune.Methods.Preference;
using Attune.Models.Architecture;
using Attune.Recipes.Binding;

namespace Attune.Recipes.Stages.Direct;

/// <summary>General Psi-PO.</summary>
public sealed record PsiPoStage : PairStage
{
    public override string Kind => "psipo";
    public override string Purpose => "learn from pairs directly (Psi-PO)";

    [Flatten]
    public PsiPoOptions Training { get; init; } = new();

    internal override PreferenceOptions Common => Training;

    internal override PairObjective Objective(LanguageModel policy, LanguageModel? reference) =>
        new PsiPo.Objective(Training, policy, reference);
}
