using Attune.Core.Feedback;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Training.Contracts;

namespace Attune.Methods.Reward;

/// <summary>What the two losses on rankings share as a stage trains by them.</summary>
public abstract class RankingLabels : IRewardLoss<Ranking, TokenRanking>
{
    public abstract IObjective<TokenRanking> Objective(ScalarModel model, IReadOnlyList<TokenRanking> data);

    public EncodedData<TokenRanking> Encode(Encoder encoder, IReadOnlyList<Ranking> labels, int maxLength, TruncationPolicy policy) =>
        encoder.EncodeAll(labels, maxLength, policy);

    public TokenRanking Change(TokenRanking item, Func<TokenSequence, TokenSequence> change) =>
        item with
        {
            Answers = [.. item.Answers.Select(change)],
        };

    public IEnumerable<(TokenSequence Better, TokenSequence Worse)> Pairs(TokenRanking item)
    {
        var (better, worse) = RankingPairs.Pairs(item.Ranks);
        return better.Zip(worse, (b, w) => (item.Answers[(int)b], item.Answers[(int)w]));
    }

    public TokenSequence Answer(TokenRanking item) => item.Answers[0];
}
