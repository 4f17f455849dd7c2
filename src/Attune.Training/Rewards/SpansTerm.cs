using System.ComponentModel;
using Attune.Core;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>A span model of fine-grained feedback: every part of an answer is rewarded, or not, at its last token.</summary>
[Reward("spans", "what a fine-grained reward model makes of an answer's parts, each at its end")]
public sealed record SpansTerm : RewardTerm
{
    [Description("name of a model of the earlier fine-grained stage, or the folder of one")]
    public required string Spans { get; init; }

    [Description("reward of a part in which nothing is wrong")]
    public double Good { get; init; } = 0.3;

    [Description("reward of a part in which something is wrong")]
    public double Bad { get; init; } = -0.3;

    [Description("reward between the two by the model's probability, instead of by its verdict as in the paper")]
    public bool Soft { get; init; }

    [Description("put the sum of an answer's verdicts at its last token, to see what their places are worth")]
    public bool Together { get; init; }

    public override IEnumerable<string> Missing(RewardPlan plan) =>
        Directory.Exists(Spans) || plan.HasSpanModels
            ? []
            : [$"{plan.Stage}.reward.spans: {Spans} is not a folder, and no fine-grained stage comes before. Name a span model's folder."];

    public override IReward Build(RewardContext context)
    {
        var folder = Directory.Exists(Spans) ? Spans : Path.Combine(context.SpanFolder ?? "", Spans);
        if (!ProcessModel.IsAt(folder))
        {
            throw new ConfigurationException(
                $"{context.Stage}.reward.spans is '{Spans}', but there is no span model in {folder}. Expected a name of the fine-grained "
                    + "stage's models, or a folder."
            );
        }

        var model = ProcessModel.Load(folder, context.Precision);
        context.Owned.Add(model);
        return new StepwiseReward(model, Aggregation, context.Encoder, ProcessTerm.JudgeOf(folder, model, context.Encoder))
        {
            Name = $"spans-{Path.GetFileName(Path.TrimEndingDirectorySeparator(folder))}",
            Value = Value,
            WithoutSteps = Bad,
        };
    }

    private StepAggregation Aggregation => Together ? StepAggregation.Sum : StepAggregation.None;

    /// <summary>The reward of a part (Wu et al. 2023).</summary>
    /// <param name="good">The probability that nothing in it is wrong.</param>
    public double Value(double good) =>
        Soft ? Bad + (good * (Good - Bad))
        : good > 0.5 ? Good
        : Bad;
}
