using System.Security.Cryptography;
using Attune.Core.Runs;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Attune.Testing;

namespace Attune.Recipes.Tests.Stages;

/// <summary>The reward models of an online run are trained as the reward stage trains them, with all of its options.</summary>
public sealed class OnlineRewardTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Token_dropout_and_evaluations_reach_the_reward_models_of_an_online_run()
    {
        var plain = await RunAsync("plain", "evaluate_every: 0");
        var varied = await RunAsync("varied", "evaluate_every: 0, token_dropout: 0.5");
        var watched = await RunAsync("watched", "evaluate_every: 1");
        Assert.NotEqual(plain.Weights, varied.Weights);
        // Evaluations are seen, and change nothing.
        Assert.Equal(plain.Weights, watched.Weights);
        Assert.DoesNotContain(plain.Reports, r => r.Contains("held out", StringComparison.Ordinal));
        Assert.Contains(watched.Reports, r => r.Contains("held out 0.", StringComparison.Ordinal) || r.EndsWith("held out 1.000"));
    }

    /// <returns>The first reward model's weights, and what was shown while such models were trained.</returns>
    private async Task<(string Weights, string[] Reports)> RunAsync(string name, string reward)
    {
        var recipe = Recipe.Bind(
            RecipeFile.Parse(
                $$"""
                seed: 5
                stages:
                  - tokenizer: {data: reviews:documents, rows: 100, vocabulary: 300}
                  - pretrain: {data: reviews:documents, rows: 20, layers: 1, width: 16, heads: 2, context_length: 64, max_length: 64, batch_size: 8, evaluate_every: 0}
                  - online:
                      labels: 16
                      initial_labels: 16
                      refreshes: 0
                      normalisation_samples: 4
                      reward: {batch_size: 4, learning_rate: 1e-3, max_length: 64, test_split: 0.3, {{reward}}}
                      policy:
                        rloo: {prompts: reviews:prompts, rows: 20, held_out_prompts: reviews:held-out-prompts, total_episodes: 8, rollout_batch_size: 8, batch_size: 8, num_generations: 4, max_new_tokens: 8, evaluation_prompts: 2}
                """,
                "online.yaml"
            )
        );
        var screen = new RecordingScreen();
        var run = _folder.File(name);
        Directory.CreateDirectory(run);
        await new Run(recipe, run, screen, person: null).RunAsync(TestContext.Current.CancellationToken);
        var weights = Directory.GetFiles(Path.Combine(run, "online", "reward-1"), "*.safetensors", SearchOption.AllDirectories);
        return (
            string.Join(' ', weights.Order(StringComparer.Ordinal).Select(f => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f))))),
            [.. screen.Reports]
        );
    }

    private sealed class RecordingScreen : IRunScreen
    {
        public List<string> Reports { get; } = [];

        public void BeginStage(int index, int count, string name, string purpose) { }

        public void Report(string task, long done, long total, string figures)
        {
            if (task.StartsWith("reward model", StringComparison.Ordinal))
            {
                Reports.Add(figures);
            }
        }

        public void EndStage(StageResult result) { }

        public void Note(string text) { }
    }
}
