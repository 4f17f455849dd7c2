using Attune.Methods.Preference;
using Attune.Models.Architecture;
using Attune.Recipes.Binding;

namespace Attune.Recipes.Stages.Direct;

/// <summary>Identity preference optimisation.</summary>
public sealed record IpoStage : PairStage
{
    public override string Kind => "ipo";
    public override string Purpose => "learn from pairs directly (IPO)";

    [Flatten]
    public IpoOptions Training { get; init; } = new();

    internal override PreferenceOptions Common => Training;

    internal override PairObjective Objective(LanguageModel policy, LanguageModel? reference) =>
        new Ipo.Objective(Training, policy, reference);
}
