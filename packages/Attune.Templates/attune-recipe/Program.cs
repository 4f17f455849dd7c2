using Attune.Core;
using Attune.Core.Runs;
using Attune.Recipes;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Attune.Training.Rewards;
using RecipeProject;

// Recipes know the rewards of this program from here on.
RewardRegistry.Register(typeof(WordsReward).Assembly);
var folder = args.FirstOrDefault() ?? Path.Combine("runs", DateTime.Now.ToString("yyyy-MM-dd-HHmmss"));
using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = true;
    interrupted.Cancel();
};
try
{
    Directory.CreateDirectory(folder);
    var recipe = Recipe.Bind(RecipeFile.Read(Path.Combine(AppContext.BaseDirectory, "recipe.yaml")));
    await new Run(recipe, folder, new Screen(), person: null).RunAsync(interrupted.Token);
    foreach (var stage in new RunFolder(folder).ReadResult()!.Stages)
    {
        Console.WriteLine($"reward {stage.Metrics["proxy_reward_before"]:0.000} before, {stage.Metrics["proxy_reward_after"]:0.000} after");
    }

    Console.WriteLine($"The model lies in {Path.Combine(folder, "final")}.");
    return 0;
}
catch (AttuneException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 2;
}

/// <summary>Prints a line a stage.</summary>
internal sealed class Screen : IRunScreen
{
    public void BeginStage(int index, int count, string name, string purpose) => Console.WriteLine($"{index}/{count} {name}: {purpose}");

    public void Report(string task, long done, long total, string figures) { }

    public void EndStage(StageResult result) { }

    public void Note(string text) => Console.WriteLine($"  {text}");
}
