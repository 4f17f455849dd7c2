using System.ComponentModel;
using Attune.Models.Files;

namespace Attune.Recipes.Stages;

/// <summary>The group of options that names the reference.</summary>
public sealed record ReferenceModel
{
    [Description("folder or GGUF file of the reference model (default: the model that training starts from)")]
    public string? RefModel { get; init; }

    internal IEnumerable<string> Missing(string kind) =>
        RefModel is { } folder && !ModelFiles.Exists(folder)
            ? [$"{kind}.ref_model: {folder} is not a folder or a GGUF file; expected a model's."]
            : [];
}
