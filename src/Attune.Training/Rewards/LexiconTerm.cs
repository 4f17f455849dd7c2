using System.ComponentModel;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>The sum of the worths of the words that occur in an answer.</summary>
[Reward("lexicon", "the sum of what the answer's words are worth; each counts once, in upper or lower case")]
public sealed record LexiconTerm : RewardTerm
{
    [Description("words and their weights; each word counts once in an answer, in upper or lower case")]
    public required IReadOnlyDictionary<string, double> Lexicon { get; init; }

    public override IReward Build(RewardContext context)
    {
        var worth = new Dictionary<string, double>(Lexicon, StringComparer.OrdinalIgnoreCase);
        return new TextReward(
            "lexicon",
            context.Encoder.Tokenizer,
            (_, answer) => TextReward.Words(answer).Distinct(StringComparer.OrdinalIgnoreCase).Sum(w => worth.GetValueOrDefault(w))
        );
    }
}
