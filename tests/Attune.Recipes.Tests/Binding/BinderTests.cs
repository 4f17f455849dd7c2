using Attune.Core;
using Attune.Recipes.Binding;

namespace Attune.Recipes.Tests.Binding;

public sealed class BinderTests
{
    [Fact]
    public void Given_keys_are_set_and_the_others_keep_their_defaults()
    {
        var recipe = Bind(
            """
            name: demo
            seed: 18446744073709551615
            stages:
              - sft:
                  epochs: 1e-5
                  max_steps: 1e3
              - ppo:
                  prompts: a.jsonl
                  value_network: shared-trunk
                  learning_rate: 3.0e-6
                  lora: {rank: 4, targets: [a, b]}
              - sft
            """
        );
        Assert.Equal(("demo", ulong.MaxValue, null), (recipe.Name, recipe.Seed, recipe.Model));
        Assert.Equal(new SampleSftStage { Epochs = 1e-5, MaxSteps = 1000 }, recipe.Stages[0]);
        var ppo = Assert.IsType<SamplePpoStage>(recipe.Stages[1]);
        Assert.Equal(new SamplePpo { ValueNetwork = SampleNetwork.SharedTrunk, LearningRate = 3e-6 }, ppo.Training);
        Assert.Equal(64, ppo.Training.BatchSize);
        Assert.Equal(["a", "b"], ppo.Lora!.Targets);
        Assert.Equal(new SampleSftStage(), recipe.Stages[2]);
    }

    [Theory]
    [InlineData("ppo: {prompts: p, kl_coeficient: 1}", "ppo.kl_coeficient is not a key here. Did you mean 'kl_coefficient'?")]
    [InlineData("ppo: {prompts: p, learning_rate: -1}", "ppo.learning_rate is -1; expected 0 to 1.")]
    [InlineData(
        "ppo: {prompts: p, value_network: critic}",
        "ppo.value_network is 'critic'; expected one of reward-model, policy, shared-trunk, k1."
    )]
    [InlineData(
        "ppo: {prompts: p, value_network: RewardModel}",
        "ppo.value_network is 'RewardModel'; expected one of reward-model, policy, shared-trunk, k1."
    )]
    [InlineData("sft: {epochs: many}", "sft.epochs is 'many'; expected a number.")]
    [InlineData("sft: {epochs: 0}", "sft.epochs is 0; expected above 0, at most 1000.")]
    [InlineData("sft: {epochs: 1e999}", "sft.epochs is '1e999'; expected a number.")]
    [InlineData("sft: {epochs: NaN}", "sft.epochs is 'NaN'; expected a number.")]
    [InlineData("sft: {epochs: [1]}", "sft.epochs is a list; expected a number.")]
    [InlineData("sft: {epochs: }", "sft.epochs is empty; expected a number.")]
    [InlineData("sft: {max_steps: 1.5}", "sft.max_steps is 1.5; expected a whole number.")]
    [InlineData("sft: {max_steps: 3000000000}", "sft.max_steps is 3000000000; expected a whole number from -2147483648 to 2147483647.")]
    [InlineData("ppo: {prompts: p, batch_size: 3000000000}", "ppo.batch_size is 3000000000; expected 1 to 1000000.")]
    [InlineData("sft: {data: }", "sft.data is empty; expected text.")]
    [InlineData("sft: {data: {a: 1}}", "sft.data is a mapping; expected text.")]
    [InlineData("sft: {test_split: 1}", "sft: test_split leaves nothing to learn from.")]
    [InlineData("sft: 3", "sft is 3; expected a mapping of keys.")]
    [InlineData("ppo: {}", "ppo.prompts is missing and has no default (prompts to answer).")]
    [InlineData("ppo: {prompts: p, lora: {rank: 0}}", "ppo.lora.rank is 0; expected 1 to 1024.")]
    [InlineData("ppo: {prompts: p, lora: {targets: query}}", "ppo.lora.targets is 'query'; expected a list such as [a, b].")]
    [InlineData("ppo: {prompts: p, lora: {targets: [query, {}]}}", "ppo.lora.targets.1 is a mapping; expected text.")]
    [InlineData("pppo: {}", "stages.0 is 'pppo'; expected one of ppo, sft. Did you mean 'ppo'?")]
    [InlineData("[]", "stages.0 is a list; expected one of ppo, sft, with its keys indented below it.")]
    public void A_mistake_is_told_with_its_line_and_what_was_expected(string stage, string problem)
    {
        var thrown = Assert.Throws<ConfigurationException>(() => Bind($"name: demo\nstages:\n  - {stage}\n"));
        Assert.Equal("demo.yaml:3: " + problem, thrown.Message);
    }

    [Fact]
    public void All_mistakes_are_told_at_once_in_the_order_of_their_lines()
    {
        var thrown = Assert.Throws<ConfigurationException>(() =>
            Bind(
                """
                sead: 3
                seed: -1
                stages:
                  - ppo:
                      batch_size: 0
                      valuenetwork: policy
                  - sft:
                      epochs: many
                """
            )
        );
        Assert.Equal(
            [
                "demo.yaml: name is missing and has no default (for reports).",
                "demo.yaml:1: sead is not a key here. Did you mean 'seed'?",
                "demo.yaml:2: seed is -1; expected a whole number from 0 to 18446744073709551615.",
                "demo.yaml:4: ppo.prompts is missing and has no default (prompts to answer).",
                "demo.yaml:5: ppo.batch_size is 0; expected 1 to 1000000.",
                "demo.yaml:6: ppo.valuenetwork is not a key here. Did you mean 'value_network'?",
                "demo.yaml:8: sft.epochs is 'many'; expected a number.",
            ],
            thrown.Problems
        );
    }

    [Fact]
    public void Keys_override_the_preset_and_the_preset_overrides_defaults()
    {
        var paper = new SamplePpo
        {
            KlCoefficient = 0.15,
            LearningRate = 1e-5,
            ValueNetwork = SampleNetwork.SharedTrunk,
        };
        var stage = Binder.Bind<SamplePpoStage>(Parse("prompts: p\npreset: paper\nlearning_rate: 1e-3\n"), "ppo", Presets(paper));
        Assert.Equal(paper with { Preset = "paper", LearningRate = 1e-3 }, stage.Training);
        Assert.Equal(1e-5, paper.LearningRate);
    }

    [Fact]
    public void A_presets_own_numbers_are_checked()
    {
        var thrown = Assert.Throws<ConfigurationException>(() =>
            Binder.Bind<SamplePpoStage>(Parse("prompts: p\npreset: paper\n"), "ppo", Presets(new SamplePpo { LearningRate = 7 }))
        );
        Assert.Equal("demo.yaml: ppo.learning_rate is 7; expected 0 to 1.", thrown.Message);
    }

    [Fact]
    public void An_unknown_preset_is_told_by_who_knows_them()
    {
        var thrown = Assert.Throws<ConfigurationException>(() => Binder.Bind<SamplePpo>(Parse("preset: papers\n"), "ppo", Presets(new())));
        Assert.Equal("demo.yaml:1: ppo.preset is 'papers': there is only paper.", thrown.Message);
        thrown = Assert.Throws<ConfigurationException>(() => Binder.Bind<SamplePpo>(Parse("preset: papers\n"), "ppo"));
        Assert.Equal("demo.yaml:1: ppo.preset is 'papers', and there is no such preset.", thrown.Message);
    }

    [Fact]
    public void Null_is_written_null_and_allowed_only_where_a_property_can_hold_it()
    {
        Assert.Null(Binder.Bind<SamplePpoStage>(Parse("prompts: p\nlora: null\nmissing_eos_score: ~\npreset:\n")).Lora);
        Assert.Equal("null", Binder.Bind<SampleSftStage>(Parse("data: 'null'\n")).Data);
        Assert.Throws<ConfigurationException>(() => Binder.Bind<SampleSftStage>(Parse("data: null\n")));
    }

    [Fact]
    public void Text_keeps_what_looks_like_a_number_or_a_truth_value()
    {
        Assert.Equal("007", Binder.Bind<SampleSftStage>(Parse("data: 007\n")).Data);
        Assert.Equal("yes", Binder.Bind<SampleSftStage>(Parse("data: yes\n")).Data);
    }

    private static Func<Type, string, object?> Presets(SamplePpo paper) =>
        (type, name) => type == typeof(SamplePpo) && name == "paper" ? paper : throw new ConfigurationException("there is only paper.");

    private static OptionNode.Mapping Parse(string yaml) => RecipeFile.Parse(yaml, "demo.yaml");

    private static SampleRecipe Bind(string yaml) => Binder.Bind<SampleRecipe>(Parse(yaml));
}
