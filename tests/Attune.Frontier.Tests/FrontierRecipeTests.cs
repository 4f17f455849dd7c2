using Attune.Core;
using Attune.Recipes.Binding;

namespace Attune.Frontier.Tests;

public sealed class FrontierRecipeTests
{
    private const string Good = """
        name: board
        seeds: [1, 2]
        base:
          - sft: {data: reviews:demonstrations, rows: 10}
        evaluation: {prompts: reviews:held-out-prompts, rows: 8}
        methods:
          - name: PPO
            sweep: ppo.kl_coefficient
            values: [0.1, 0.5]
            stages:
              - ppo: {prompts: reviews:prompts, rows: 10}
          - name: more tuning
            stages:
              - sft: {data: reviews:demonstrations, rows: 20}
        """;

    private static FrontierPlan Plan(string text) => FrontierPlan.Of(RecipeFile.Parse(text, "board.yaml"));

    [Fact]
    public void Every_method_setting_and_seed_is_a_cell()
    {
        var plan = Plan(Good);
        Assert.Equal(6, plan.Expected);
        Assert.Equal(["ppo/0.1", "ppo/0.5", "more-tuning"], plan.Cells.Select(c => c.Folder.Replace('\\', '/')));
        var stage = Assert.IsType<Recipes.Stages.PpoStage>(plan.Cells[1].Recipe.Stages[0]);
        Assert.Equal(0.5, stage.Method.Kl.KlCoefficient);
        Assert.Equal("kl_coefficient 0.5", plan.Cells[1].Setting);
    }

    [Theory]
    [InlineData("values: [0.1, 0.5]", "values: [0.1, -1]", "expected")]
    [InlineData("ppo.kl_coefficient", "ppo.kl_coeficient", "is not a key here")]
    [InlineData("    values: [0.1, 0.5]\n", "", "a sweep but no values")]
    [InlineData("name: more tuning", "name: PPO", "two methods are called PPO")]
    [InlineData("seeds: [1, 2]", "seeds: [1, 1]", "names a seed twice")]
    [InlineData("evaluation:", "evalution:", "evalution is not a key here")]
    public void What_cannot_be_is_said_before_anything_runs(string part, string wrong, string message) =>
        Assert.Contains(
            message,
            Assert.Throws<ConfigurationException>(() => Plan(Good.Replace(part, wrong, StringComparison.Ordinal))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void The_written_recipe_reads_back_the_same()
    {
        var recipe = Plan(Good).Recipe;
        var written = RecipeWriter.Write(recipe);
        Assert.Equal(written, RecipeWriter.Write(Plan(written).Recipe));
    }
}
