using System.Security.Cryptography;
using Attune.Core.Runs;
using Attune.Models.Files;
using Attune.Models.Gguf;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Attune.Testing;

namespace Attune.Recipes.Tests.Stages;

/// <summary>
/// Every way to learn begins from a GGUF file of a chat model, whole, by an adapter, and by an adapter on bases of few bits, in both
/// precisions, and a run that was interrupted ends in the bits of one that was not.
/// </summary>
public sealed class GgufLearningTests(SmallChatModel model) : IClassFixture<SmallChatModel>, IDisposable
{
    private const string Whole = "precision: f32";
    private const string Half = "precision: bf16";
    private const string Adapter = "precision: bf16, lora: {r: 2}";
    private const string OnFour = "precision: f32, lora: {r: 2, base: nf4}";
    private const string OnFile = "precision: f32, lora: {r: 2, base: file}";
    private const string OnFileHalf = "precision: bf16, lora: {r: 2, base: file}";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sft", Whole)]
    [InlineData("sft", OnFile)]
    [InlineData("reward", OnFileHalf)]
    [InlineData("dpo", OnFour)]
    [InlineData("ppo", Half)]
    [InlineData("ppo", OnFile)]
    [InlineData("grpo", OnFileHalf)]
    [InlineData("rejection-sampling", Adapter)]
    public async Task A_run_that_was_interrupted_ends_in_the_same_bits(string method, string how)
    {
        var whole = await RunAsync("whole", method, how, stopFirst: false);
        var resumed = await RunAsync("resumed", method, how, stopFirst: true);
        Assert.NotEmpty(whole);
        Assert.Equal(whole, resumed);
    }

    [Fact]
    public async Task What_was_learned_on_the_files_blocks_is_exported_again()
    {
        await RunAsync("run", "sft", OnFile, stopFirst: false);
        var final = _folder.File("run/final");
        Assert.True(AdapterFiles.IsAdapter(final));
        using var merged = ModelFiles.LoadLanguageModel(final);
        foreach (var type in new[] { Text.Gguf.GgufType.F16, Text.Gguf.GgufType.Q8, Text.Gguf.GgufType.Q40 })
        {
            var file = _folder.File($"{type}.gguf");
            GgufExport.Write(merged, Text.Tokenizers.TokenizerFiles.Load(final), file, "tiny", type);
            using var again = ModelFiles.LoadLanguageModel(file);
            Assert.Equal(merged.Config, again.Config);
        }
    }

    [Fact]
    public async Task Pairs_are_measured_under_each_system_prompt()
    {
        var screen = new StoppingScreen(null);
        await RunAsync("run", "dpo", Adapter, screen);
        var metrics = Assert.Single(screen.Results).Metrics;
        foreach (var number in new[] { 1, 2 })
        {
            Assert.InRange(metrics[$"system/{number}/preference_accuracy"], 0, 1);
            Assert.True(metrics[$"system/{number}/preference_accuracy_low"] < metrics[$"system/{number}/preference_accuracy_high"]);
        }

        // Both prompts have half of the held-out pairs.
        var mean = (metrics["system/1/preference_accuracy"] + metrics["system/2/preference_accuracy"]) / 2;
        Assert.Equal(metrics["preference_accuracy"], mean, 1e-9);
        Assert.True(metrics["kept_perplexity_before"] > 1);
        Assert.NotEqual(metrics["kept_perplexity_before"], metrics["kept_perplexity_after"]);
        Assert.Contains(screen.Notes, n => n.Contains("system/1 is \"blunt\"", StringComparison.Ordinal));
    }

    private Task<string> RunAsync(string name, string method, string how, bool stopFirst) =>
        stopFirst ? InterruptedAsync(name, method, how) : RunAsync(name, method, how, new StoppingScreen(null));

    private async Task<string> InterruptedAsync(string name, string method, string how)
    {
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(name, method, how, new StoppingScreen(stop)));
        return await RunAsync(name, method, how, new StoppingScreen(null));
    }

    /// <returns>Hashes of the weights that the run ends with.</returns>
    private async Task<string> RunAsync(string name, string method, string how, StoppingScreen screen)
    {
        var recipe = Recipe.Bind(
            RecipeFile.Parse(
                $"name: tiny\nseed: 3\nmodel: {model.File}\nstages:\n  - {method}: {{{Options(method)}, {how}}}\n",
                "tiny.yaml"
            )
        );
        var run = _folder.File(name);
        Directory.CreateDirectory(run);
        await new Run(recipe, run, screen, person: null).RunAsync(screen.Token);
        var weights = Directory.GetFiles(Path.Combine(run, "final"), "*.safetensors", SearchOption.AllDirectories);
        return string.Join(
            ' ',
            weights.Order(StringComparer.Ordinal).Select(f => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f))))
        );
    }

    private string Options(string method)
    {
        const string common = "learning_rate: 1e-2, checkpoint_every: 1, batch_size: 4";
        const string texts = $"{common}, max_length: 64, epochs: 2";
        var pairs = $"data: {model.Data("pairs.jsonl")}, held_out_data: {model.Data("pairs.jsonl")}";
        var prompts = model.Data("prompts.jsonl");
        var answers =
            $"{common}, prompts: {prompts}, held_out_prompts: {prompts}, reward: [{{length: 3}}], max_new_tokens: 4, "
            + "evaluation_prompts: 1, rollout_batch_size: 4";
        return method switch
        {
            "sft" => $"data: {model.Data("replies.jsonl")}, {texts}, test_split: 0",
            "reward" => $"{pairs}, {texts}, normalisation: none",
            "dpo" => $"{pairs}, {texts}, evaluation_prompts: 0, kept_data: {model.Data("replies.jsonl")}",
            "ppo" => $"{answers}, total_episodes: 12, ppo_epochs: 1, value_network: policy",
            "grpo" => $"{answers}, total_episodes: 12, num_generations: 2",
            _ => $"{answers}, total_episodes: 12, num_generations: 2, keep_cut: true",
        };
    }

    /// <summary>Asks a run to stop after its first round.</summary>
    private sealed class StoppingScreen(CancellationTokenSource? stop) : IRunScreen
    {
        public CancellationToken Token => stop?.Token ?? TestContext.Current.CancellationToken;

        public List<StageResult> Results { get; } = [];

        public List<string> Notes { get; } = [];

        public void BeginStage(int index, int count, string name, string purpose) { }

        public void Report(string task, long done, long total, string figures) => stop?.Cancel();

        public void EndStage(StageResult result) => Results.Add(result);

        public void Note(string text) => Notes.Add(text);
    }
}
