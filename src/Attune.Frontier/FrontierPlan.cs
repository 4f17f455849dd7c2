using System.Collections.Immutable;
using Attune.Core;
using Attune.Recipes;
using Attune.Recipes.Binding;

namespace Attune.Frontier;

/// <summary>A cell to run: a recipe without its seed, and where it belongs.</summary>
/// <param name="Setting">As the board shows it.</param>
/// <param name="Folder">Below the seed's.</param>
internal sealed record PlannedCell(string Method, string Setting, string Folder, Recipe Recipe);

/// <summary>Everything a frontier will run, bound before anything runs, so that a mistake in the last cell is reported first.</summary>
public sealed class FrontierPlan
{
    private FrontierPlan(FrontierRecipe recipe, Recipe start, ImmutableArray<PlannedCell> cells) =>
        (Recipe, Base, Cells) = (recipe, start, cells);

    public FrontierRecipe Recipe { get; }

    /// <summary>Trained cells of the whole board.</summary>
    public int Expected => Cells.Length * Recipe.Seeds.Length;

    internal Recipe Base { get; }

    /// <summary>In the order of the recipe.</summary>
    internal ImmutableArray<PlannedCell> Cells { get; }

    /// <exception cref="ConfigurationException">Everything that is wrong with the frontier or one of its cells.</exception>
    public static FrontierPlan Of(OptionNode.Mapping node)
    {
        var recipe = FrontierRecipe.Bind(node);
        var start = new Recipe
        {
            Name = recipe.Name + " base",
            Model = recipe.Model,
            Stages = recipe.Base,
        };
        var methods = (node.Find("methods")?.Value as OptionNode.Sequence)?.Items ?? [];
        return new FrontierPlan(
            recipe,
            start,
            [.. recipe.Methods.SelectMany((method, i) => CellsOf(method, (OptionNode.Mapping)methods[i]))]
        );
    }

    private static IEnumerable<PlannedCell> CellsOf(FrontierMethod method, OptionNode.Mapping node)
    {
        if (method.Sweep is not { } key)
        {
            yield return new PlannedCell(method.Name, "", Name(method.Name), new Recipe { Name = method.Name, Stages = method.Stages });
            yield break;
        }

        foreach (var value in method.Values)
        {
            var setting = $"{key[(key.LastIndexOf('.') + 1)..]} {value}";
            var tree = OptionNode
                .Mapping.Empty(node.Place)
                .Set("name", new OptionNode.Scalar($"{method.Name}, {setting}", Plain: false, node.Place))
                .Set("stages", node.Find("stages")!.Value)
                .Set(key, value, $"{node.Place}: {key} of method {method.Name}");
            yield return new PlannedCell(method.Name, setting, Path.Combine(Name(method.Name), Name(value)), Recipes.Recipe.Bind(tree));
        }
    }

    /// <summary>A name as a folder: letters, digits, dots and dashes.</summary>
    private static string Name(string text) =>
        string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' ? char.ToLowerInvariant(c) : '-'));
}
