using System.ComponentModel;
using System.Text.RegularExpressions;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>1 for an answer that a regular expression matches.</summary>
[Reward("pattern", "1 where a regular expression matches the answer, else 0")]
public sealed record PatternTerm : RewardTerm
{
    [Description("regular expression; the reward is 1 for an answer that matches it, otherwise 0")]
    public required string Pattern { get; init; }

    public override IReward Build(RewardContext context)
    {
        var expression = Expression();
        return new TextReward("pattern", context.Encoder.Tokenizer, (_, answer) => expression.IsMatch(answer) ? 1 : 0);
    }

    public override IEnumerable<string> Missing(RewardPlan plan)
    {
        try
        {
            Expression();
            return [];
        }
        catch (Exception problem) when (problem is ArgumentException or NotSupportedException)
        {
            return [$"{plan.Stage}.reward.pattern '{Pattern}' is not a regular expression that can be used: {problem.Message}"];
        }
    }

    // Linear time for every pattern: model output must not be able to hang a run.
    private Regex Expression() => new(Pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
}
