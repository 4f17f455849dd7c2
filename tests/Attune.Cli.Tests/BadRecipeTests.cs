using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Recipes that cannot be read, cannot be understood, or whose stages would not find what they need.</summary>
public sealed class BadRecipeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_recipe_that_is_not_there() => Run().Refused("recipe.yaml does not exist; expected a recipe");

    [Theory]
    [InlineData("", "recipe.yaml is empty")]
    [InlineData("name: [a\nstages: }", "recipe.yaml")]
    [InlineData("stages: []", "stages is empty")]
    [InlineData("nmae: a\nstages:\n  - tokenizer: {data: reviews:documents, rows: 9}", "Did you mean 'name'?")]
    [InlineData("stages:\n  - tokenizer: {data: reviews:documents, rows: 9, vocabluary: 300}", "Did you mean 'vocabulary'?")]
    [InlineData("stages:\n  - tokeniser: {data: reviews:documents, rows: 9}", "Did you mean 'tokenizer'?")]
    [InlineData("stages:\n  - tokenizer: {data: reviews:documents, rows: many}", "many")]
    [InlineData("stages:\n  - tokenizer: {rows: 9}", "data")]
    public void A_recipe_that_cannot_be_understood(string recipe, string words)
    {
        _folder.WriteText("recipe.yaml", recipe);
        Run().Refused("recipe.yaml", words);
        Assert.False(Directory.Exists(_folder.File("run")));
    }

    [Theory]
    [InlineData("- sft: {data: reviews:demonstrations, rows: 9}", "stage sft needs a model")]
    [InlineData("- pretrain: {data: reviews:documents, rows: 9}", "stage pretrain needs a model")]
    [InlineData("- tokenizer: {data: reviews:document, rows: 9}", "there are reviews:documents")]
    [InlineData("- tokenizer: {data: reviews:documents}", "a built-in world is endless")]
    [InlineData("- reward: {members: 2}", "reward.data is missing")]
    [InlineData("- ppo: {prompts: reviews:prompts, rows: 9}", "ppo has no reward")]
    [InlineData(
        "- ppo: {prompts: reviews:prompts, rows: 9, reward: [{lexicon: {fine: 1}}]}",
        "ppo.value_network is reward-model, but there is none"
    )]
    [InlineData(
        "- ppo: {prompts: reviews:prompts, rows: 9, value_network: policy, reward: [{weight: 2}]}",
        "expected exactly one of command, generative, http, length, lexicon, match, model, pattern, process, rubric, spans; found none"
    )]
    [InlineData(
        "- ppo: {prompts: reviews:prompts, rows: 9, value_network: policy, reward: [{pattern: '('}]}",
        "'(' is not a regular expression"
    )]
    [InlineData("- ppo: {prompts: reviews:prompts, rows: 9, reward_model: nowhere}", "nowhere is not a folder")]
    [InlineData("- ppo: {prompts: prompts.jsonl, value_network: policy, reward: [{length: 9}]}", "prompts.jsonl does not exist")]
    [InlineData("- preferences: {prompts: reviews:prompts, utility: revews}", "'revews' is not known; there are: reviews")]
    [InlineData("- preferences: {prompts: reviews:prompts, feedback: ranking, ask_me: 3}", "preferences.ask_me asks for pairs")]
    public void What_a_stage_will_not_find_is_said_before_the_first_one_runs(string stage, string words)
    {
        _folder.WriteText("recipe.yaml", $"stages:\n  - tokenizer: {{data: reviews:documents, rows: 50, vocabulary: 300}}\n  {stage}\n");
        // A tokenizer alone does for pretrain; all others need a model, and pretrain a tokenizer.
        if (stage.StartsWith("- pretrain", StringComparison.Ordinal))
        {
            _folder.WriteText("recipe.yaml", $"stages:\n  {stage}\n");
        }

        var outcome = Run().Refused(words);
        Assert.DoesNotContain("learning merges", outcome.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("run")));
    }

    [Theory]
    [InlineData("vocabulary", "--set")]
    [InlineData("tokenizer.vocabluary=300", "Did you mean 'vocabulary'?")]
    [InlineData("ppo.kl_coefficient=0.1", "ppo")]
    public void An_override_that_fits_nothing(string assignment, string words)
    {
        _folder.WriteText("recipe.yaml", "stages:\n  - tokenizer: {data: reviews:documents, rows: 9}\n");
        Run("--set", assignment).Refused(words);
        Assert.False(Directory.Exists(_folder.File("run")));
    }

    private Outcome Run(params string[] options) => AttuneProgram.Run(_folder.Path, ["run", "recipe.yaml", "--out", "run", .. options]);
}
