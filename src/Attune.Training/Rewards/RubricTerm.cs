using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Training.Contracts;
using Attune.Training.Serving;

namespace Attune.Training.Rewards;

/// <summary>A language model grades each answer by a rubric.</summary>
[Reward("rubric", "the grade from 0 to 1 that a language model gives by a rubric")]
public sealed record RubricTerm : RewardTerm
{
    [Description("what makes an answer good; part of the prompt for the model that grades")]
    public required string Rubric { get; init; }

    [Description("the model that grades: at an endpoint, or a folder of this machine")]
    public ChatModelOptions Grader { get; init; } = new();

    [Description("answers in flight at once")]
    [Range(1, 1000)]
    public int Parallel { get; init; } = 8;

    [Description("longest reply, in tokens; reasoning models need more")]
    [Range(1, 1_000_000)]
    public int MaxTokens { get; init; } = 16;

    [Description("temperature of the replies")]
    [Range(0, 2)]
    public double Temperature { get; init; }

    [Description("where it gives no grade: fail (stop the run), zero (the reward is 0) or skip (the reward adds nothing)")]
    public RewardErrors OnError { get; init; } = RewardErrors.Fail;

    public override IEnumerable<string> Missing(RewardPlan plan) => Grader.Missing($"{plan.Stage}.reward.grader");

    public override IReward Build(RewardContext context)
    {
        var client = Grader.OpenClient(Parallel);
        context.Owned.Add(client);
        return new RubricReward(this, client, context.Encoder);
    }
}
