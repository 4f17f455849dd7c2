using Attune.Frontier;
using Attune.Recipes.Binding;
using Attune.Testing;

namespace Attune.Recipes.Tests.Binding;

public sealed class CommittedRecipesTests
{
    public static TheoryData<string> Recipes() => [.. Directory.GetFiles(Checkout.File("recipes"), "*.yaml").Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void A_recipe_of_the_project_binds_and_its_resolved_form_says_the_same(string path)
    {
        var resolved = Resolve(RecipeFile.Read(path));
        Assert.Equal(resolved, Resolve(RecipeFile.Parse(resolved, "resolved.yaml")));
    }

    /// <summary>A file with methods is a frontier: all its cells are bound too.</summary>
    private static string Resolve(OptionNode.Mapping node) =>
        RecipeWriter.Write(node.Find("methods") is null ? Recipe.Bind(node) : FrontierPlan.Of(node).Recipe);
}
