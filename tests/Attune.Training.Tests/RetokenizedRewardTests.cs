using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training.Rewards;

namespace Attune.Training.Tests;

public sealed class RetokenizedRewardTests
{
    private static readonly Prompt Chat = new Prompt.Chat([new(Role.System, "Be brief."), new(Role.User, "the cat?")]);
    private static readonly Encoder Policy = new(
        BytePairTrainer.Train(["the cat sat on the mat"], 280, new("<s>", "</s>", null) { Others = ["<|im_start|>", "<|im_end|>"] }),
        ChatTemplates.ChatMl
    );
    private static readonly Encoder Judge = new(
        BytePairTrainer.Train(["a mat sat on a cat on a mat"], 290, new(null, "<|end|>", "<|pad|>")),
        ChatTemplates.Plain
    );

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Prompt_and_answer_reach_the_judge_as_its_own_tokens(bool chat)
    {
        var prompt = chat ? Chat : new Prompt.Text("the cat");
        using var model = Model();
        var reward = new RetokenizedReward(model, Policy, Judge);
        var sequence = Policy.Encode(prompt, " sat é😀");
        Assert.Equal(Judge.Encode(prompt, " sat é😀"), reward.Retokenize(new Rollout(sequence, [], StopReason.EndToken, 0)));
        var open = Policy.EncodeUnfinished(prompt, " sat");
        Assert.Equal(Judge.EncodeUnfinished(prompt, " sat"), reward.Retokenize(new Rollout(open, [], StopReason.Length, 0)));
    }

    [Fact]
    public void What_is_longer_than_the_judges_context_loses_its_beginning()
    {
        using var model = Model();
        var prompt = new Prompt.Text(string.Concat(Enumerable.Repeat("xyz ", 200)));
        var whole = Judge.Encode(prompt, " sat");
        var reward = new RetokenizedReward(model, Policy, Judge);
        var read = reward.Retokenize(new Rollout(Policy.Encode(prompt, " sat"), [], StopReason.EndToken, 0));
        Assert.Equal((256, whole.AnswerLength), (read.Length, read.AnswerLength));
        Assert.Equal(whole.Tokens[^256..], read.Tokens);
        Assert.StartsWith(
            "the reward model read 1 of 1 answers without the beginning of their prompts",
            Assert.Single(reward.Notes),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_answer_that_alone_is_longer_keeps_its_end_and_is_counted_apart()
    {
        using var model = Model();
        var answer = string.Concat(Enumerable.Repeat("xyz ", 200));
        var reward = new RetokenizedReward(model, Policy, Judge);
        var rollout = new Rollout(Policy.Encode(new Prompt.Text("the cat"), answer), [], StopReason.EndToken, 0);
        var read = reward.Retokenize(rollout);
        Assert.Equal((256, 1), (read.Length, read.AnswerStart));
        Assert.Equal(Judge.Encode(new Prompt.Text("the cat"), answer).Tokens[^256..], read.Tokens);
        Assert.Equal(
            model.Score([read])[0].Reward,
            Assert.Single(await reward.ScoreAsync([rollout], TestContext.Current.CancellationToken)).Total
        );
        reward.Retokenize(new Rollout(Policy.Encode(new Prompt.Text("the cat"), " sat"), [], StopReason.EndToken, 0));
        Assert.StartsWith(
            "the reward model read 2 of 3 answers without their own beginning",
            Assert.Single(reward.Notes),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task The_mark_lies_on_the_policys_last_token()
    {
        using var model = Model();
        var rollout = new Rollout(Policy.Encode(Chat, " sat on the mat"), [], StopReason.EndToken, 0);
        var score = Assert.Single(
            await new RetokenizedReward(model, Policy, Judge).ScoreAsync([rollout], TestContext.Current.CancellationToken)
        );
        Assert.Equal(rollout.Sequence.AnswerLength - 1, Assert.Single(score.TokenRewards).Position);
        Assert.Equal(model.Score([Judge.Encode(Chat, " sat on the mat")])[0].Reward, score.Total);
    }

    private static RewardModel Model() =>
        new([new ScalarModel(TransformerConfig.Gpt2(290, width: 16, layers: 1, heads: 2, contextLength: 256), new Seed(5))], 0, 1);
}
