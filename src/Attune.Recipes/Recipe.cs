using System.Collections.Immutable;
using System.ComponentModel;
using Attune.Core;
using Attune.Methods;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Attune.Recipes.Stages;

namespace Attune.Recipes;

/// <summary>A whole run: a starting model and the stages that work on it, one after another.</summary>
public sealed record Recipe
{
    [Description("the run's name in reports")]
    public string Name { get; init; } = "run";

    [Description("seed of all random numbers")]
    public ulong Seed { get; init; } = 1;

    [Description(
        "model to start from: a folder in Hugging Face layout, or 'embedded' for the model that ships with "
            + "Attune; leave it out if the first stages train one"
    )]
    public string? Model { get; init; }

    [Description(
        "forms to write the figures in besides events.jsonl: tensorboard (event files) and csv (metrics.csv), both in the stage's folder, "
            + "trackio (its database, in the folder trackio)"
    )]
    public ImmutableArray<Tracking> Tracking { get; init; } = [];

    [Description("stages to run, in order")]
    public required ImmutableArray<Stage> Stages { get; init; }

    /// <summary>Reads a recipe from its tree, with overrides applied already.</summary>
    /// <exception cref="ConfigurationException">Everything that is wrong with it, with file and line.</exception>
    public static Recipe Bind(OptionNode.Mapping node)
    {
        var recipe = Binder.Bind<Recipe>(node, presets: MethodRegistry.Preset);
        return recipe.Stages.IsEmpty
            ? throw new ConfigurationException($"{node.Place}: stages is empty; a recipe needs at least one.")
            : recipe;
    }
}
