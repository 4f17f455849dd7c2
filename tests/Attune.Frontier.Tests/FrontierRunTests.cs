using System.Text.Json.Nodes;
using Attune.Core.Runs;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Attune.Reports.Frontier;
using Attune.Testing;

namespace Attune.Frontier.Tests;

/// <summary>A frontier in the tiny language, cut down to seconds: one layer, three-letter answers, two settings of PPO.</summary>
public sealed class FrontierRunTests : IDisposable
{
    private const string Text = """
        name: smallest
        seeds: [1]
        base:
          - pretrain: {data: "tiny:documents", rows: 400, family: gpt2, layers: 1, width: 16, heads: 2, context_length: 8, batch_size: 32, learning_rate: 1e-2, packing: false, max_length: 8, evaluate_every: 0, checkpoint_every: 0}
          - preferences: {prompts: "tiny:prompts", labels: 120, max_new_tokens: 3, utility: tiny-proxy, annotators: {count: 1, noise: 0.3}}
          - reward: {read_before_end: true, epochs: 2, batch_size: 32, learning_rate: 1e-2, max_length: 8, max_new_tokens: 3, normalisation_samples: 64, evaluate_every: 0, checkpoint_every: 0}
        evaluation: {prompts: "tiny:prompts", rows: 4, max_new_tokens: 3, gold: tiny, best_of: [1, 4, 64]}
        methods:
          - name: PPO
            sweep: ppo.kl_coefficient
            values: [0.5, 0.05]
            stages:
              - ppo: {prompts: "tiny:prompts", rows: 32, held_out_prompts: "tiny:prompts", gold: tiny, total_episodes: 256, rollout_batch_size: 64, batch_size: 32, ppo_epochs: 2, learning_rate: 1e-2, max_new_tokens: 3, value_network: policy, evaluation_prompts: 8, evaluate_every: 2, checkpoint_every: 1}
          - name: broken
            stages:
              - ppo: {prompts: no-such-file.jsonl, max_new_tokens: 3}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Task<FrontierBoard> Run(string name, IRunScreen screen, CancellationToken cancel) =>
        new FrontierRun(FrontierPlan.Of(RecipeFile.Parse(Text, "smallest.yaml")), _folder.File(name), screen).RunAsync(cancel);

    [Fact]
    public async Task A_frontier_measures_exactly_survives_a_broken_cell_and_goes_on_where_it_was()
    {
        var whole = await Run("whole", new Screen(), CancellationToken.None);

        Assert.True(whole.Exact);
        Assert.Equal(["PPO", "best-of-n"], whole.Methods);
        var failure = Assert.Single(whole.Failures);
        Assert.Equal("broken", failure.Method);
        Assert.Contains("no-such-file.jsonl does not exist", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, whole.References[0].Kl, 1e-9);
        Assert.Equal(0, whole.Cells.Single(c => c.Setting == "n 1").Point.Kl, 1e-9);
        // No policy has more of the proxy at its divergence than the posterior.
        var limit = whole.Ceilings.Single(c => c.Label.EndsWith("proxy", StringComparison.Ordinal)).Points;
        Assert.All(
            whole.Cells.Where(c => c.Point.Kl < limit[^1].Kl),
            cell =>
                Assert.True(
                    cell.Point.Proxy <= limit.Where(p => p.Kl >= cell.Point.Kl).Min(p => p.Proxy) + 1e-9,
                    $"{cell.Method} {cell.Setting} lies above the posterior"
                )
        );
        var (near, far) = (Cell(whole, "0.5"), Cell(whole, "0.05"));
        Assert.True(far.Point.Kl > near.Point.Kl && near.Point.Proxy > whole.References[0].Proxy);
        Assert.True(near.Figures["posterior_kl_after"] < near.Figures["posterior_kl_before"]);
        Assert.Equal(near.Point.Kl, near.Figures["exact_kl_after"], 1e-6);
        Assert.False(Directory.Exists(_folder.File("whole/seed-1/ppo/0.5/final")));

        await RequireResumable(whole);
    }

    private static FrontierCell Cell(FrontierBoard board, string value) => board.Cells.Single(c => c.Setting == $"kl_coefficient {value}");

    /// <summary>Stopped within the second cell and run again: the same figures to the last bit, and the first cell untouched.</summary>
    private async Task RequireResumable(FrontierBoard whole)
    {
        using var stop = new CancellationTokenSource();
        // The first cell is done; the second is announced, and then at its stage.
        var reports = 0;
        var screen = new Screen
        {
            OnCells = done =>
            {
                if (done == 1 && ++reports == 3)
                {
                    stop.Cancel();
                }
            },
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Run("parts", screen, stop.Token));
        var first = _folder.File("parts/seed-1/ppo/0.5/cell.json");
        var (written, text) = (File.GetLastWriteTimeUtc(first), File.ReadAllText(first));
        Assert.False(File.Exists(_folder.File("parts/seed-1/ppo/0.05/cell.json")));

        var resumed = await Run("parts", new Screen(), CancellationToken.None);
        Assert.Equal(written, File.GetLastWriteTimeUtc(first));
        Assert.Equal(text, File.ReadAllText(first));
        Assert.Equal(whole.Cells.Select(c => (c.Method, c.Setting, c.Point)), resumed.Cells.Select(c => (c.Method, c.Setting, c.Point)));
        var stored = JsonNode.Parse(File.ReadAllText(_folder.File("parts/frontier.json")))!;
        Assert.Equal(resumed.Cells.Length, stored["board"]!["cells"]!.AsArray().Count);
    }

    private sealed class Screen : IRunScreen
    {
        public Action<long>? OnCells { get; init; }

        public void BeginStage(int index, int count, string name, string purpose) { }

        public void Report(string task, long done, long total, string figures)
        {
            if (task == "cells")
            {
                OnCells?.Invoke(done);
            }
        }

        public void EndStage(StageResult result) { }

        public void Note(string text) { }
    }
}
