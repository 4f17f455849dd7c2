// A reward of one's own, as a term of a recipe's reward. Run it from the root of the checkout:
//   dotnet run samples/reward.cs               trains for a few rounds and prints the reward before and after
// In a checkout of your own, put the record in src/Attune.Training/Rewards/ instead: every recipe knows it at the next build.
#:project ../src/Attune.Recipes/Attune.Recipes.csproj
#:property PublishAot=false
using System.ComponentModel;
using System.Reflection;
using Attune.Core.Runs;
using Attune.Recipes;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Attune.Training.Contracts;
using Attune.Training.Rewards;

RewardRegistry.Register(Assembly.GetExecutingAssembly());
var folder = Path.Combine(Path.GetTempPath(), $"attune-reward-{Environment.ProcessId}");
Directory.CreateDirectory(folder);
try
{
    var recipe = Recipe.Bind(
        RecipeFile.Parse(
            $$"""
            model: {{Path.GetFullPath("assets/reviews/model")}}
            stages:
              - rloo:
                  prompts: reviews:prompts
                  rows: 64
                  held_out_prompts: reviews:held-out-prompts
                  reward: [{vowels: 0.5}]
                  total_episodes: 192
                  rollout_batch_size: 64
                  batch_size: 32
                  num_generations: 4
                  max_new_tokens: 24
                  learning_rate: 1e-3
                  evaluation_prompts: 32
            """,
            "reward.yaml"
        )
    );
    await new Run(recipe, folder, new Screen(), person: null).RunAsync(CancellationToken.None);
    var metrics = new RunFolder(folder).ReadResult()!.Stages[^1].Metrics;
    Console.WriteLine($"reward {metrics["proxy_reward_before"]:0.000} before, {metrics["proxy_reward_after"]:0.000} after");
}
finally
{
    Directory.Delete(folder, recursive: true);
}

/// <summary>How near the share of vowels among an answer's letters comes to the share wanted.</summary>
[Reward("vowels", "minus the distance of the share of vowels from the share wanted")]
internal sealed record VowelsTerm : RewardTerm
{
    [Description("share of vowels wanted, 0 to 1")]
    public required double Vowels { get; init; }

    public override IReward Build(RewardContext context) =>
        new TextReward("vowels", context.Encoder.Tokenizer, (_, answer) => -Math.Abs(Share(answer) - Vowels));

    public override IEnumerable<string> Missing(RewardPlan plan) =>
        Vowels is >= 0 and <= 1 ? [] : [$"{plan.Stage}.reward.vowels is {Vowels}; expected 0 to 1."];

    private static double Share(string answer)
    {
        var letters = answer.Count(char.IsLetter);
        return letters == 0 ? 0 : answer.Count(c => "aeiouAEIOU".Contains(c, StringComparison.Ordinal)) / (double)letters;
    }
}

/// <summary>Prints a line a stage.</summary>
internal sealed class Screen : IRunScreen
{
    public void BeginStage(int index, int count, string name, string purpose) => Console.WriteLine($"{index}/{count} {name}: {purpose}");

    public void Report(string task, long done, long total, string figures) { }

    public void EndStage(StageResult result) { }

    public void Note(string text) => Console.WriteLine($"  {text}");
}
