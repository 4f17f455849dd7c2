using System.Globalization;
using Attune.Core;
using Attune.Recipes.Binding;
using CsCheck;

namespace Attune.Recipes.Tests.Binding;

public sealed class OverrideTests
{
    private static readonly OptionNode.Mapping Demo = RecipeFile.Parse(
        """
        name: demo
        stages:
          - sft
          - ppo:
              prompts: a.jsonl
              kl_coefficient: 0.2
          - ppo:
              prompts: b.jsonl
        """,
        "demo.yaml"
    );

    [Theory]
    [InlineData("ppo.kl_coefficient", 0.5, 0.05)]
    [InlineData("stages.ppo.kl_coefficient", 0.5, 0.05)]
    [InlineData("stages.1.ppo.kl_coefficient", 0.5, 0.05)]
    [InlineData("stages.2.ppo.kl_coefficient", 0.2, 0.5)]
    public void A_path_leads_by_the_stages_name_or_its_index(string path, double first, double second)
    {
        var recipe = Binder.Bind<SampleRecipe>(Demo.Set(path, "0.5", "--set"));
        Assert.Equal(
            (first, second),
            (((SamplePpoStage)recipe.Stages[1]).Training.KlCoefficient, ((SamplePpoStage)recipe.Stages[2]).Training.KlCoefficient)
        );
    }

    [Fact]
    public void A_stage_without_keys_and_a_mapping_that_is_not_there_can_be_set_into()
    {
        var recipe = Binder.Bind<SampleRecipe>(
            Demo.Assign("sft.epochs=3", "--set").Assign("ppo.lora.rank = 2", "--set").Assign("ppo.lora.targets=[key, 'a b']", "--set")
        );
        Assert.Equal(3, ((SampleSftStage)recipe.Stages[0]).Epochs);
        var lora = ((SamplePpoStage)recipe.Stages[1]).Lora!;
        Assert.Equal(2, lora.Rank);
        Assert.Equal(["key", "a b"], lora.Targets);
    }

    [Fact]
    public void A_whole_stage_can_be_replaced_and_the_tree_before_stays_as_it_was()
    {
        var changed = Demo.Set("ppo", "{prompts: c.jsonl}", "--set");
        Assert.Equal("c.jsonl", ((SamplePpoStage)Binder.Bind<SampleRecipe>(changed).Stages[1]).Prompts);
        Assert.Equal("a.jsonl", ((OptionNode.Scalar)Demo.At("ppo.prompts")!).Text);
        Assert.Equal("b.jsonl", ((OptionNode.Scalar)Demo.At("stages.2.ppo.prompts")!).Text);
        Assert.Null(Demo.At("ppo.prompts.deeper"));
    }

    [Theory]
    [InlineData("a: b # c")]
    [InlineData("*.jsonl")]
    [InlineData("&x")]
    [InlineData("- item")]
    [InlineData("it's")]
    public void Bare_text_is_taken_as_it_stands(string text) =>
        Assert.Equal(text, Binder.Bind<SampleRecipe>(Demo.Set("name", text, "--set")).Name);

    [Theory]
    [InlineData("ppo.kl_coefficient=-1", "--set: ppo.kl_coefficient is -1; expected 0 to 1000.")]
    [InlineData("ppo.kl_coeficient=1", "--set: ppo.kl_coeficient is not a key here. Did you mean 'kl_coefficient'?")]
    [InlineData("pppo.kl_coefficient=1", "--set: pppo is not a key here. Did you mean 'ppo'?")]
    [InlineData(
        "ppo.kl_coefficient.x=1",
        "--set: ppo.kl_coefficient.x cannot be set, because ppo.kl_coefficient is a single value (demo.yaml:6)."
    )]
    [InlineData("stages.7.x=1", "--set: stages.7 is not there; stages holds sft, ppo.")]
    [InlineData("ppo..x=1", "--set: 'ppo..x' is not a path of keys; expected keys joined by dots, such as ppo.kl_coefficient.")]
    [InlineData("name", "--set: 'name' is not key=value, such as ppo.kl_coefficient=0.1.")]
    [InlineData("name=[a, b]", "--set: name is a list; expected text.")]
    public void A_wrong_override_is_told_by_its_origin(string assignment, string problem)
    {
        var thrown = Assert.Throws<ConfigurationException>(() => Binder.Bind<SampleRecipe>(Demo.Assign(assignment, "--set")));
        Assert.Equal(problem, thrown.Message.Replace("stages.ppo.", "ppo.", StringComparison.Ordinal));
    }

    [Fact]
    public void Law_what_was_set_is_found_there_and_nothing_else_changed()
    {
        string[] paths = ["name", "seed", "sft.epochs", "ppo.prompts", "ppo.lora.rank", "stages.2.ppo.prompts", "stages.2.ppo.lora.rank"];
        Gen.Select(Gen.OneOf(paths), Gen.Int.Select(i => i.ToString(CultureInfo.InvariantCulture)))
            .Array[0, 10]
            .Sample(settings =>
            {
                var expected = paths.ToDictionary(p => p, p => (Demo.At(p) as OptionNode.Scalar)?.Text);
                var tree = Demo;
                foreach (var (path, value) in settings)
                {
                    tree = tree.Set(path, value, "--set");
                    expected[path] = value;
                }

                Assert.All(paths, p => Assert.Equal(expected[p], (tree.At(p) as OptionNode.Scalar)?.Text));
            });
    }

    [Fact]
    public void A_path_without_end_is_refused_before_it_fills_the_stack() =>
        Assert.Contains(
            "is not a path",
            Assert
                .Throws<ConfigurationException>(() => Demo.Set(string.Concat(Enumerable.Repeat("a.", 60_000)) + "a", "1", "--set"))
                .Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("[a, b")]
    [InlineData("{a: 1")]
    [InlineData("'a")]
    [InlineData("[a] b")]
    [InlineData("[*a]")]
    public void Broken_flow_values_are_told_by_their_origin(string value) =>
        Assert.StartsWith(
            "--set: ",
            Assert.Throws<ConfigurationException>(() => Demo.Set("name", value, "--set")).Message,
            StringComparison.Ordinal
        );
}
