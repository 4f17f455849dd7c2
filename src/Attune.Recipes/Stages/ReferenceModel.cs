using System.ComponentModel;

namespace Attune.Recipes.Stages;

/// <summary>The group of options that names the reference.</summary>
public sealed record ReferenceModel
{
    [Description("folder of the reference model (default: the model that training starts from)")]
    public string? RefModel { get; init; }

    internal IEnumerable<string> Missing(string kind) =>
        RefModel is { } folder && !Directory.Exists(folder) ? [$"{kind}.ref_model: {folder} is not a folder; expected a model's."] : [];
}
