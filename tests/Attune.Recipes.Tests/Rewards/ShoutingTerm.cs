using System.ComponentModel;
using Attune.Training.Contracts;
using Attune.Training.Rewards;

namespace Attune.Recipes.Tests.Rewards;

/// <summary>A reward of somebody else's assembly, as docs/rewards.md shows how to write one.</summary>
[Reward("shouting", "minus the share of capital letters, from a number of letters on")]
public sealed record ShoutingTerm : RewardTerm
{
    [Description("letters from which shouting counts")]
    public required int Shouting { get; init; }

    public override IReward Build(RewardContext context) =>
        new TextReward(
            "shouting",
            context.Encoder.Tokenizer,
            (_, answer) => answer.Length < Shouting ? 0 : -answer.Count(char.IsUpper) / (double)answer.Length
        );

    public override IEnumerable<string> Missing(RewardPlan plan) =>
        Shouting > 0 ? [] : [$"{plan.Stage}.reward.shouting is {Shouting}; expected 1 or more."];
}
