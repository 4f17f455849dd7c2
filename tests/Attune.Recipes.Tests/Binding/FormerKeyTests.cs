using Attune.Core;
using Attune.Core.Options;
using Attune.Frontier;
using Attune.Recipes.Binding;

namespace Attune.Recipes.Tests.Binding;

public sealed class FormerKeyTests
{
    [Fact]
    public void A_former_key_is_answered_with_the_present_one()
    {
        var problem = Assert.Throws<ConfigurationException>(() =>
            Binder.Bind<Renamed>(RecipeFile.Parse("strength: 3\nstrenght: 3\n", "old.yaml"), "ppo")
        );
        Assert.Equal(
            [
                "old.yaml:1: ppo.strength is now called ppo.kl_coefficient. Write kl_coefficient instead.",
                "old.yaml:2: ppo.strenght is not a key here.",
            ],
            problem.Problems
        );
    }

    [Fact]
    public void A_frontiers_exam_is_its_evaluation() =>
        Assert.Contains(
            "old.yaml:1: exam is now called evaluation. Write evaluation instead.",
            Assert
                .Throws<ConfigurationException>(() =>
                    FrontierRecipe.Bind(RecipeFile.Parse("exam: {prompts: 8}\nbase: []\nmethods: []\n", "old.yaml"))
                )
                .Problems
        );

    public sealed record Renamed
    {
        [FormerKey("strength")]
        public double KlCoefficient { get; init; }
    }
}
