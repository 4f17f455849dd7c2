using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Testing;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training.Rewards;

namespace Attune.Training.Tests.Rewards;

public sealed class StepwiseRewardTests
{
    private const string Answer = " sat é😀\na mat\n\n on";

    private static readonly Encoder Policy = new(
        BytePairTrainer.Train(["the cat sat on the mat"], 280, new("<s>", "</s>", null)),
        ChatTemplates.ChatMl
    );
    private static readonly Encoder Judge = new(
        BytePairTrainer.Train(["a mat sat on a cat on a mat"], 290, new(null, "<|end|>", "<|pad|>")),
        ChatTemplates.Plain
    );
    private static readonly Prompt Question = new Prompt.Text("the cat");

    [Fact]
    public async Task Marks_stand_at_the_policys_tokens_at_which_steps_end()
    {
        using var model = Model();
        var rollout = Sampled(Answer);
        var score = await ScoreOf(new StepwiseReward(model, StepAggregation.None, Policy, null), rollout);
        var positions = score.TokenRewards.Select(m => m.Position).ToArray();
        var answer = rollout.Sequence.Answer.ToArray();
        // Up to each mark the answer is what stands before and with the separators; the last mark is before the end token.
        string[] expected = [" sat é😀\n", " sat é😀\na mat\n\n", Answer];
        Assert.Equal(expected, positions.Select(p => Policy.Tokenizer.DecodeContinuation(answer.AsSpan(..(p + 1)))));
        Assert.Equal(answer.Length - 2, positions[^1]);
        var places = positions.Select(p => p + rollout.Sequence.AnswerStart).ToArray();
        Assert.Equal(model.Rewards([rollout.Sequence], [places])[0], score.TokenRewards.Select(m => m.Value));
        Assert.All(score.TokenRewards, m => Assert.InRange(m.Value, 0, 1));
    }

    [Fact]
    public async Task Another_tokenizer_judges_its_own_tokens_and_marks_the_policys()
    {
        using var model = Model();
        var rollout = Sampled(Answer);
        var own = await ScoreOf(new StepwiseReward(model, StepAggregation.None, Policy, null), rollout);
        var score = await ScoreOf(new StepwiseReward(model, StepAggregation.None, Policy, Judge), rollout);
        Assert.Equal(own.TokenRewards.Select(m => m.Position), score.TokenRewards.Select(m => m.Position));
        var (read, ends) = model.Steps.Encode(Judge, Question, [" sat é😀", "a mat\n", " on"]);
        Assert.Equal(Judge.EncodeUnfinished(Question, Answer), read);
        Assert.Equal(
            model.Rewards(
                [read],
                [
                    [.. ends.Select(e => e!.Value)],
                ]
            )[0],
            score.TokenRewards.Select(m => m.Value)
        );
    }

    [Fact]
    public async Task A_model_that_reads_steps_apart_reads_a_separator_after_each()
    {
        using var model = Model(apart: true);
        var rollout = Sampled(Answer);
        var score = await ScoreOf(new StepwiseReward(model, StepAggregation.None, Policy, Judge), rollout);
        var (read, ends) = model.Steps.Encode(Judge, Question, [" sat é😀", "a mat", " on"]);
        Assert.Equal(
            model.Rewards(
                [read],
                [
                    [.. ends.Select(e => e!.Value)],
                ]
            )[0],
            score.TokenRewards.Select(m => m.Value)
        );
        Assert.Equal(3, score.TokenRewards.Length);
    }

    [Theory]
    [InlineData(StepAggregation.Product, 0.126)]
    [InlineData(StepAggregation.Min, 0.2)]
    [InlineData(StepAggregation.Last, 0.7)]
    [InlineData(StepAggregation.Mean, 0.6)]
    [InlineData(StepAggregation.Sum, 1.8)]
    public void Steps_become_one_number(StepAggregation aggregation, double expected) =>
        Assert.Equal(expected, aggregation.Of([0.9, 0.2, 0.7]), 1e-12);

    [Fact]
    public async Task One_number_stands_on_the_last_token()
    {
        using var model = Model();
        var rollout = Sampled(Answer);
        var steps = (await ScoreOf(new StepwiseReward(model, StepAggregation.None, Policy, null), rollout)).TokenRewards;
        var mark = Assert.Single((await ScoreOf(new StepwiseReward(model, StepAggregation.Product, Policy, null), rollout)).TokenRewards);
        Assert.Equal(rollout.Sequence.AnswerLength - 1, mark.Position);
        Assert.Equal(steps[0].Value * steps[1].Value * steps[2].Value, mark.Value, 1e-12);
    }

    [Fact]
    public async Task An_answer_without_a_step_has_reward_0_and_is_counted()
    {
        using var model = Model();
        var reward = new StepwiseReward(model, StepAggregation.Product, Policy, null);
        Assert.Equal(0, (await ScoreOf(reward, Sampled("\n \n"))).Total);
        Assert.StartsWith(
            "the process reward model found no step in 1 of 1 answers",
            Assert.Single(reward.Notes),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Steps_that_the_models_context_cannot_hold_are_counted()
    {
        using var model = Model(context: 8);
        var reward = new StepwiseReward(model, StepAggregation.None, Policy, null);
        var rollout = Sampled("xyz\nxyzxyz\nxyz");
        var score = await ScoreOf(reward, rollout);
        // x y z and a line end are tokens of their own, and so is the end token: the last 8 tokens begin after the first line end.
        Assert.Equal([10, 13], score.TokenRewards.Select(m => m.Position));
        Assert.StartsWith("the process reward model did not read 1 of 3 steps", Assert.Single(reward.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Survives_saving_and_loading()
    {
        using var folder = new TemporaryFolder();
        using var model = Model(apart: true);
        model.Save(folder.Path);
        Assert.True(ProcessModel.IsAt(folder.Path));
        using var loaded = ProcessModel.Load(folder.Path);
        Assert.Equal(model.Steps, loaded.Steps);
        Assert.Equal(["bad", "good"], loaded.Classifier.Labels);
        var sequence = Sampled(Answer).Sequence;
        Assert.Equal(
            model.Rewards(
                [sequence],
                [
                    [3, 5],
                ]
            )[0],
            loaded.Rewards(
                [sequence],
                [
                    [3, 5],
                ]
            )[0]
        );
        Assert.Contains("Gpt2ForTokenClassification", File.ReadAllText(folder.File("config.json")), StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<Score> ScoreOf(StepwiseReward reward, Rollout rollout) =>
        Assert.Single(await reward.ScoreAsync([rollout], TestContext.Current.CancellationToken));

    private static Rollout Sampled(string answer) => new(Policy.Encode(Question, answer), [], StopReason.EndToken, 0);

    private static ProcessModel Model(bool apart = false, int context = 256)
    {
        using var language = new LanguageModel(
            TransformerConfig.Gpt2(290, width: 16, layers: 1, heads: 2, contextLength: context),
            new Seed(5)
        );
        return new ProcessModel(new TokenClassifier(language, ["bad", "good"], new Seed(6)), new StepEncoding("\n", apart));
    }
}
