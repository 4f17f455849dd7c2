using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Methods;
using Attune.Methods.Preference;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Files;
using Attune.Recipes.Binding;
using Attune.Recipes.Stages;
using Attune.Testing;
using Attune.Text.Tokenizers;
using Attune.Worlds.Reviews;
using TorchSharp;

namespace Attune.Recipes.Tests.Stages;

/// <summary>A loss of one's own: this record is all there is to it.</summary>
[Method(
    "square-margin",
    "Square margin",
    "bring the margin of every pair to a goal",
    Example = "attune square-margin --model DIR --data preferences.jsonl --goal 2 --out runs/square-margin"
)]
public sealed record SquareMarginOptions : IPairMethod
{
    [Description("margin to reach, nats")]
    [Range(0, 1000)]
    public double Goal { get; init; } = 1;

    [Flatten]
    public ReferenceOptions Reference { get; init; } = new();

    [Flatten]
    public PreferenceOptions Data { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } = new() { LearningRate = 1e-3 };

    public PairObjective Objective(LanguageModel policy, LanguageModel? reference) => new SquareMargin(this, policy, reference);

    private sealed class SquareMargin(SquareMarginOptions options, LanguageModel policy, LanguageModel? reference)
        : PairObjective(policy, reference)
    {
        protected override torch.Tensor Loss(ScoredPairs pairs) => (pairs.Margin - options.Goal).square();

        protected override torch.Tensor Reward(ScoredAnswers answers) => answers.LogRatio;
    }
}

/// <summary>A method from outside Attune's assemblies is a stage of recipes and a command, without a line of Attune changed.</summary>
public sealed class OutsideMethodTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public OutsideMethodTests() => MethodRegistry.Register(typeof(OutsideMethodTests).Assembly);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_runs_from_a_recipe_and_its_name_stands_in_result_and_report()
    {
        WriteModel();
        WritePairs();
        var recipe = Recipe.Bind(
            RecipeFile.Parse(
                $$"""
                name: outside
                model: {{_folder.File("model")}}
                stages:
                  - square-margin:
                      data: {{_folder.File("pairs.jsonl")}}
                      goal: 2
                      batch_size: 8
                      evaluation_prompts: 4
                      max_new_tokens: 4
                """,
                "outside.yaml"
            )
        );
        Assert.Equal(2, Assert.IsType<PairMethodStage<SquareMarginOptions>>(recipe.Stages[0]).Method.Goal);
        var run = _folder.File("run");
        Directory.CreateDirectory(run);
        await new Run(recipe, run, new SilentScreen(), person: null).RunAsync(TestContext.Current.CancellationToken);

        var stage = Assert.Single(new RunFolder(run).ReadResult()!.Stages);
        Assert.Equal(("square-margin", "Square margin"), (stage.Name, stage.Title));
        Assert.True(stage.Metrics["eval_loss"] < stage.Metrics["eval_loss_before"]);
        Assert.Contains("<h2>Square margin</h2>", File.ReadAllText(Path.Combine(run, "report.html")), StringComparison.Ordinal);

        // A run of an earlier version kept what its stages hand on under another name.
        File.Move(Path.Combine(run, "artifacts.json"), Path.Combine(run, "handover.json"));
        var again = new Run(recipe, run, new SilentScreen(), person: null);
        await again.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Path.Combine(run, "final"), again.Product!.Policy);
    }

    [Fact]
    public void Its_options_are_those_of_a_command()
    {
        var card = MethodRegistry.Find("square-margin")!;
        var options = OptionSchema.Of(MethodStages.RecordOf(card)!).ForCommandLine();
        var goal = options.Single(o => o.Name == "--goal");
        Assert.Equal(("goal", "1", "margin to reach, nats (0 to 1000; default 1)"), (goal.Key, goal.Default, goal.Help));
        Assert.Equal("0.001", options.Single(o => o.Name == "--learning-rate").Default);
        Assert.Contains(options, o => o.Name == "--data");
    }

    [Fact]
    public void A_wrong_key_of_it_is_told_as_for_every_other_method() =>
        Assert.Equal(
            "outside.yaml:2: square-margin.gaol is not a key here. Did you mean 'goal'?",
            Assert
                .Throws<ConfigurationException>(() =>
                    Recipe.Bind(RecipeFile.Parse("stages:\n  - square-margin: {gaol: 1}\n", "outside.yaml"))
                )
                .Message
        );

    private void WriteModel()
    {
        var tokenizer = BytePairTrainer.Train(
            ReviewWorld.Documents(new Seed(1), 60).Select(d => d.Text),
            300,
            new SpecialTokens(null, "<|endoftext|>", "<|pad|>")
        );
        tokenizer.Save(_folder.File("model"));
        using var model = new LanguageModel(TransformerConfig.Gpt2(300, width: 16, layers: 1, heads: 2, contextLength: 64), new Seed(1));
        ModelFiles.Save(model, _folder.File("model"));
    }

    private void WritePairs() =>
        File.WriteAllLines(
            _folder.File("pairs.jsonl"),
            Enumerable.Range(0, 40).Select(i => $$"""{"prompt": "film {{i}}", "chosen": " good", "rejected": " very bad"}""")
        );
}
