using System.Runtime.CompilerServices;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Core.Tokens;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>A reward that answers questions: the answer with the highest score is best; equal scores are a tie.</summary>
/// <param name="encode">Prompt and answer as the reward reads them.</param>
public sealed class RewardJudge(IReward reward, Func<Prompt, string, TokenSequence> encode) : IFeedbackSource
{
    public string Name => reward.Name;

    private static int? Only(double[] scores, double extreme) =>
        scores.Count(s => s == extreme) == 1 ? Array.IndexOf(scores, extreme) : null;

    public async IAsyncEnumerable<Reply> AskAsync(IReadOnlyList<Question> questions, [EnumeratorCancellation] CancellationToken cancel)
    {
        Rollout[] answers =
        [
            .. questions.SelectMany(q => q.Answers.Select(a => new Rollout(encode(q.Prompt, a), [], StopReason.EndToken, q.PolicyVersion))),
        ];
        var scores = await reward.ScoreAsync(answers, cancel);
        var start = 0;
        foreach (var question in questions)
        {
            double[] own = [.. scores.Skip(start).Take(question.Answers.Length).Select(s => s.Total)];
            start += own.Length;
            yield return new Reply(question.Id, Only(own, own.Max()), reward.Name) { Worst = Only(own, own.Min()) };
        }
    }
}
