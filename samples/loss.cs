// A preference loss of one's own: this file is all there is to it. Run it from the root of the checkout:
//   dotnet run samples/loss.cs                 trains for a few updates and prints the margin before and after
// In a checkout of your own, put the record and its objective in src/Attune.Methods/Preference/ instead: `attune square-margin` and the
// recipe key `square-margin` are there at the next build.
#:project ../src/Attune.Recipes/Attune.Recipes.csproj
#:property PublishAot=false
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Methods;
using Attune.Methods.Preference;
using Attune.Models.Architecture;
using Attune.Recipes;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using TorchSharp;

MethodRegistry.Register(Assembly.GetExecutingAssembly());
var folder = Path.Combine(Path.GetTempPath(), $"attune-loss-{Environment.ProcessId}");
Directory.CreateDirectory(folder);
try
{
    var recipe = Recipe.Bind(
        RecipeFile.Parse(
            $$"""
            model: {{Path.GetFullPath("assets/reviews/model")}}
            stages:
              - preferences: {prompts: reviews:prompts, labels: 96, max_new_tokens: 24}
              - square-margin: {goal: 2, epochs: 2, batch_size: 16, max_length: 96, learning_rate: 2e-5, evaluation_prompts: 0}
            """,
            "loss.yaml"
        )
    );
    await new Run(recipe, folder, new Screen(), person: null).RunAsync(CancellationToken.None);
    var stage = new RunFolder(folder).ReadResult()!.Stages[^1];
    Console.WriteLine(
        $"{stage.Title}: held-out loss {stage.Metrics["eval_loss_before"]:0.000} before, {stage.Metrics["eval_loss"]:0.000} after"
    );
}
finally
{
    Directory.Delete(folder, recursive: true);
}

/// <summary>Brings the margin of every pair to a goal: IPO without its scale.</summary>
[Method(
    "square-margin",
    "Square margin",
    "bring the margin of every pair to a goal",
    Example = "attune square-margin --model DIR --data preferences.jsonl --goal 2 --out runs/square-margin"
)]
internal sealed record SquareMarginOptions : IPairMethod
{
    [Description("margin to reach, nats")]
    [Range(0, 1000)]
    public double Goal { get; init; } = 1;

    [Flatten]
    public ReferenceOptions Reference { get; init; } = new();

    [Flatten]
    public PreferenceOptions Data { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } = new() { LearningRate = 1e-6 };

    public PairObjective Objective(LanguageModel policy, LanguageModel? reference) => new SquareMargin(this, policy, reference);
}

internal sealed class SquareMargin(SquareMarginOptions options, LanguageModel policy, LanguageModel? reference)
    : PairObjective(policy, reference)
{
    /// <summary>(margin - goal)^2, per pair, [pairs].</summary>
    protected override torch.Tensor Loss(ScoredPairs pairs) => (pairs.Margin - options.Goal).square();

    /// <summary>What is logged as the reward: the log ratio, [answers], nats.</summary>
    protected override torch.Tensor Reward(ScoredAnswers answers) => answers.LogRatio;
}

/// <summary>Prints a line a stage.</summary>
internal sealed class Screen : IRunScreen
{
    public void BeginStage(int index, int count, string name, string purpose) => Console.WriteLine($"{index}/{count} {name}: {purpose}");

    public void Report(string task, long done, long total, string figures) { }

    public void EndStage(StageResult result) { }

    public void Note(string text) => Console.WriteLine($"  {text}");
}
