using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Attune.Testing;

namespace Attune.Recipes.Tests.Stages;

/// <summary>That an answer never ended is known from the rollout to the label file, so that it is not taught as finished.</summary>
public sealed class CutAnswersTests : IDisposable
{
    private const string Model = """
          - tokenizer: {data: reviews:documents, rows: 100, vocabulary: 300}
          - pretrain: {data: reviews:documents, rows: 20, layers: 1, width: 16, heads: 2, context_length: 64, max_length: 64, batch_size: 8, evaluate_every: 0}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("pairs")]
    [InlineData("choice")]
    public async Task Labels_on_sampled_answers_say_which_were_cut(string feedback)
    {
        await RunAsync($"- preferences: {{prompts: reviews:prompts, labels: 20, feedback: {feedback}, max_new_tokens: 1, test_split: 0}}");
        var file = _folder.File("run/preferences/preferences.jsonl");
        Label[] labels = feedback == "pairs" ? [.. DatasetFile.Read<Preference>(file).Items] : [.. DatasetFile.Read<Choice>(file).Items];
        Assert.NotEmpty(labels);
        // One token is an end token or the beginning of an answer that was cut.
        Assert.Contains(labels, l => l.Cut.Contains(0) && l.Cut.Contains(1));
    }

    [Fact]
    public void Rules_for_scores_are_refused_where_the_judge_gives_none()
    {
        var recipe = Recipe.Bind(
            RecipeFile.Parse(
                "model: embedded\nstages:\n  - online-dpo: {prompts: reviews:prompts, rows: 9, missing_eos_penalty: 1}\n",
                "a.yaml"
            )
        );
        var problem = Assert.Single(recipe.Stages[0].Missing(new PlannedArtifacts(true, false, false, false)));
        Assert.Contains("missing_eos_penalty, missing_eos_score and score_clip change scores", problem, StringComparison.Ordinal);
    }

    private async Task RunAsync(string stage)
    {
        var recipe = Recipe.Bind(RecipeFile.Parse($"seed: 5\nstages:\n{Model}\n  {stage}\n", "cut.yaml"));
        Directory.CreateDirectory(_folder.File("run"));
        await new Run(recipe, _folder.File("run"), new SilentScreen(), person: null).RunAsync(TestContext.Current.CancellationToken);
    }
}
