using System.Runtime.CompilerServices;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Data.Encoding;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>A reward that answers questions: the answer with the highest score is best; equal scores are a tie.</summary>
/// <param name="encoder">Writes prompt and answer as the reward reads them; an answer that was cut gets no end token.</param>
public sealed class RewardJudge(IReward reward, Encoder encoder) : IFeedbackSource
{
    public string Name => reward.Name;

    /// <summary>What a score counts, by the rules for answers that were cut or are too long.</summary>
    public Func<double, Rollout, double> Rules { get; init; } = (score, _) => score;

    private static int? Only(double[] scores, double extreme) =>
        scores.Count(s => s == extreme) == 1 ? Array.IndexOf(scores, extreme) : null;

    public async IAsyncEnumerable<Reply> AskAsync(IReadOnlyList<Question> questions, [EnumeratorCancellation] CancellationToken cancel)
    {
        Rollout[] answers = [.. questions.SelectMany(q => q.Answers.Select((_, i) => Rollout(q, i)))];
        var scores = await reward.ScoreAsync(answers, cancel);
        var start = 0;
        foreach (var question in questions)
        {
            double[] own = [.. question.Answers.Select((_, i) => Rules(scores[start + i].Total, answers[start + i]))];
            start += own.Length;
            yield return new Reply(question.Id, Only(own, own.Max()), reward.Name) { Worst = Only(own, own.Min()) };
        }
    }

    private Rollout Rollout(Question question, int index) =>
        GivenAnswer.Rollout(encoder, question.Prompt, question.Answers[index], question.Cut.Contains(index), question.PolicyVersion);
}
