using Attune.Core;
using Attune.Training.Rewards;
using Microsoft.Extensions.AI;
using static Attune.Training.Tests.Rewards.RewardSamples;

namespace Attune.Training.Tests.Rewards;

public sealed class RubricTermTests
{
    private static readonly RubricTerm Term = new() { Rubric = "Prefer short answers." };

    [Theory]
    [InlineData("7", 7)]
    [InlineData(" **10**\n", 10)]
    [InlineData("Grade: 0.", 0)]
    [InlineData("8/10", 8)]
    [InlineData("<think>Between 3 and 5.</think>4", 4)]
    [InlineData("11", null)]
    [InlineData("7 or 8", null)]
    [InlineData("not 7", null)]
    [InlineData("7.5", null)]
    [InlineData("", null)]
    public void A_grade_alone_is_read_and_nothing_else_is_guessed_at(string reply, int? grade) =>
        Assert.Equal(grade, RubricReward.Grade(reply));

    [Fact]
    public async Task The_reward_is_a_tenth_of_the_grade_and_the_model_sees_rubric_prompt_and_answer()
    {
        var asked = new List<string>();
        using var client = new Fake(messages =>
        {
            lock (asked)
            {
                asked.Add(string.Join('|', messages.Select(m => m.Text)));
            }
            return messages[^1].Text.Contains("cat", StringComparison.Ordinal) ? "9" : "2";
        });
        var scores = await new RubricReward(Term, client, Encoder).ScoreAsync([Rollout(" cat"), Rollout(" mat")], Cancel);
        Assert.Equal([0.9, 0.2], scores.Select(s => s.Total));
        Assert.All(asked, a => Assert.Contains("Prefer short answers.", a, StringComparison.Ordinal));
        Assert.Contains(asked, a => a.EndsWith("[Prompt]\nthe\n\n[Answer]\ncat\n\n[End]\nGrade:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reply_without_a_grade_stops_the_run_or_is_counted()
    {
        using var client = new Fake(_ => "Very good!");
        var failure = await Assert.ThrowsAsync<AttuneException>(async () =>
            await new RubricReward(Term, client, Encoder).ScoreAsync([Rollout("a")], Cancel)
        );
        Assert.StartsWith(
            "the rubric model replied 'Very good!'; expected a grade from 0 to 10 alone.",
            failure.Message,
            StringComparison.Ordinal
        );
        var lenient = new RubricReward(Term with { OnError = RewardErrors.Skip }, client, Encoder);
        Assert.Empty((await lenient.ScoreAsync([Rollout("a")], Cancel))[0].TokenRewards);
        Assert.StartsWith("the rubric gave no reward for 1 of 1 answers", Assert.Single(lenient.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_has_to_be_named() =>
        Assert.Equal(
            ["grpo.reward.grader.model is missing: which model is asked?"],
            Term.Missing(new RewardPlan("grpo", HasTrainedModel: false))
        );

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private sealed class Fake(Func<IReadOnlyList<ChatMessage>, string> reply) : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancel) =>
            Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, reply([.. messages]))));

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options,
            CancellationToken cancel
        ) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey) => null;

        public void Dispose() { }
    }
}
