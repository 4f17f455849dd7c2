using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>How near an answer's length is to the one wanted.</summary>
[Reward("length", "minus the relative distance of the answer's length from the words wanted; 0 at best")]
public sealed record LengthTerm : RewardTerm
{
    [Description("desired number of words; the reward is minus the relative distance from it")]
    [Range(1, 1_000_000)]
    public required int Length { get; init; }

    public override IReward Build(RewardContext context) =>
        new TextReward(
            "length",
            context.Encoder.Tokenizer,
            (_, answer) => -Math.Abs(TextReward.Words(answer).Length - Length) / (double)Length
        );
}
