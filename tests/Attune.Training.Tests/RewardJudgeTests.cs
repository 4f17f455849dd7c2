using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Data.Encoding;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training.Contracts;
using Attune.Training.Rewards;

namespace Attune.Training.Tests;

public sealed class RewardJudgeTests
{
    private static readonly Encoder Encoder = new(
        BytePairTrainer.Train(["the cat sat on the mat"], 270, new(null, "</s>", null)),
        ChatTemplates.Plain
    );

    [Fact]
    public async Task An_answer_that_was_cut_is_read_without_an_end_token_and_pays_for_it()
    {
        var cancel = TestContext.Current.CancellationToken;
        var question = new Question("q", new Prompt.Text("the"), [" cat", " xyz xyz xyz"], 0) { Cut = CutAnswers.At([1]) };
        var reward = new TokenCount();
        // Without rules the longer answer wins.
        Assert.Equal(1, Assert.Single(await new RewardJudge(reward, Encoder).AskAsync([question], cancel).ToArrayAsync(cancel)).Best);
        Assert.Equal([StopReason.EndToken, StopReason.Length], reward.Read.Select(r => r.Stop));
        Assert.Equal([true, false], reward.Read.Select(r => r.Sequence.Tokens[^1] == Encoder.Tokenizer.EndToken));

        var strict = new RewardJudge(reward, Encoder) { Rules = (score, answer) => answer.Stop == StopReason.Length ? -1 : score };
        Assert.Equal(0, Assert.Single(await strict.AskAsync([question], cancel).ToArrayAsync(cancel)).Best);
    }

    private sealed class TokenCount : IReward
    {
        public List<Rollout> Read { get; } = [];

        public string Name => "token count";

        public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
        {
            Read.AddRange(rollouts);
            return ValueTask.FromResult<IReadOnlyList<Score>>([.. rollouts.Select(r => Score.Outcome(r, r.Sequence.AnswerLength, Name))]);
        }
    }
}
