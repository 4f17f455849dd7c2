using System.ComponentModel;
using Attune.Training.Contracts;
using Attune.Training.Rewards;

namespace RecipeProject;

/// <summary>A reward in a recipe, <c>reward: [{words: 0.5}]</c>: how near the share of short words in an answer comes to the share wanted.</summary>
[Reward("words", "minus the distance of the share of words of at most four letters from the share wanted")]
public sealed record WordsReward : RewardTerm
{
    [Description("share of short words wanted, 0 to 1")]
    public required double Words { get; init; }

    /// <summary>What is wrong with the options, a sentence each; said before anything is trained.</summary>
    public override IEnumerable<string> Missing(RewardPlan plan) =>
        Words is >= 0 and <= 1 ? [] : [$"{plan.Stage}.reward.words is {Words}; expected 0 to 1."];

    public override IReward Build(RewardContext context) =>
        new TextReward("words", context.Encoder.Tokenizer, (_, answer) => Score(answer));

    private double Score(string answer)
    {
        var words = answer.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length == 0 ? -1 : -Math.Abs(words.Count(word => word.Length <= 4) / (double)words.Length - Words);
    }
}
