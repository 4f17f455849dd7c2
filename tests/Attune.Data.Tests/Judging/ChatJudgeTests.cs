using System.Collections.Concurrent;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Judging;
using Microsoft.Extensions.AI;

namespace Attune.Data.Tests.Judging;

public sealed class ChatJudgeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("A", 0)]
    [InlineData("b", 1)]
    [InlineData(" B.\n", 1)]
    [InlineData("(A)", 0)]
    [InlineData("**B**", 1)]
    [InlineData("[[A]]", 0)]
    [InlineData("Answer: B", 1)]
    [InlineData("The better answer is A.", 0)]
    [InlineData("Verdict: \"C\"", 2)]
    [InlineData("<think>B is longer, but A is true.</think>\n\nA", 0)]
    [InlineData("TIE", null)]
    [InlineData("Verdict: tie.", null)]
    public void A_named_answer_is_read(string reply, int? best) =>
        Assert.Equal(new JudgeVerdict(best, null), JudgeVerdict.Read(reply, 3, false));

    [Theory]
    [InlineData("", false, JudgeVerdict.Empty)]
    [InlineData(" \n", false, JudgeVerdict.Empty)]
    [InlineData("", true, JudgeVerdict.CutOff)]
    [InlineData("<think>Let me see. A is", true, JudgeVerdict.CutOff)]
    [InlineData("Both A and B are fine", true, JudgeVerdict.CutOff)]
    [InlineData("D", false, JudgeVerdict.Elsewhere)]
    [InlineData("A or B", false, JudgeVerdict.Several)]
    [InlineData("A is not better than B", false, JudgeVerdict.Several)]
    [InlineData("I prefer neither", false, JudgeVerdict.Nothing)]
    [InlineData("Certainly not A", false, JudgeVerdict.Nothing)]
    [InlineData("Answer: first", false, JudgeVerdict.Nothing)]
    [InlineData("AB", false, JudgeVerdict.Nothing)]
    public void What_is_not_the_name_of_an_answer_is_not_guessed_at(string reply, bool isCut, string reason) =>
        Assert.Equal(new JudgeVerdict(null, reason), JudgeVerdict.Read(reply, 3, isCut));

    [Fact]
    public async Task In_both_orders_the_better_wins_and_a_taste_for_places_is_a_tie()
    {
        var good = await AskAsync(new Fake(shown => shown[0].Contains("good", StringComparison.Ordinal) ? "A" : "B"), JudgeOrder.Both);
        Assert.All(good.Replies, (reply, i) => Assert.Equal(i % 2, reply.Best));
        Assert.Equal((40, 0, 0), (good.Tally.Asked, good.Tally.Disagreed, good.Tally.UnreadableReplies));
        var first = await AskAsync(new Fake(_ => "A"), JudgeOrder.Both);
        Assert.All(first.Replies, reply => Assert.Null(reply.Best));
        Assert.Equal(20, first.Tally.Disagreed);
        Assert.Contains("in 20 questions the order of the answers decided", first.Tally.Describe("fake"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_a_random_order_a_taste_for_places_is_noise_and_the_same_at_every_asking()
    {
        var first = await AskAsync(new Fake(_ => "A"), JudgeOrder.Random);
        Assert.Equal(20, first.Tally.Asked);
        Assert.InRange(first.Replies.Count(r => r.Best == 0), 4, 16);
        Assert.Equal(first.Replies, (await AskAsync(new Fake(_ => "A"), JudgeOrder.Random)).Replies);
        var good = await AskAsync(new Fake(shown => shown[0].Contains("good", StringComparison.Ordinal) ? "A" : "B"), JudgeOrder.Random);
        Assert.All(good.Replies, (reply, i) => Assert.Equal(i % 2, reply.Best));
    }

    [Fact]
    public async Task Replies_that_cannot_be_read_are_counted_by_reason_and_every_question_has_its_reply()
    {
        var n = 0;
        var asked = await AskAsync(
            new Fake(_ =>
                (Interlocked.Increment(ref n) % 4) switch
                {
                    0 => "A",
                    1 => "",
                    2 => "Z",
                    _ => "Hard to say",
                }
            ),
            JudgeOrder.Random
        );
        Assert.Equal(20, asked.Replies.Length);
        Assert.Equal(15, asked.Replies.Count(r => r.Best is null));
        Assert.Equal(
            new Dictionary<string, int>
            {
                [JudgeVerdict.Empty] = 5,
                [JudgeVerdict.Elsewhere] = 5,
                [JudgeVerdict.Nothing] = 5,
            },
            asked.Tally.Unreadable
        );
        Assert.Contains("15 could not be read (5: the reply is empty", asked.Tally.Describe("fake"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_best_of_several_is_asked_for_and_no_more_at_once_than_said()
    {
        var fake = new Fake(shown => ((char)('A' + Array.FindIndex(shown, s => s.Contains("good", StringComparison.Ordinal)))).ToString());
        Question[] questions =
        [
            .. Enumerable
                .Range(0, 12)
                .Select(i => new Question(
                    $"q/{i}",
                    new Prompt.Text("Say."),
                    [.. Enumerable.Range(0, 4).Select(k => k == i % 4 ? "good" : $"bad {k}")],
                    0
                )),
        ];
        var replies = await new ChatJudge(fake, "fake", new ChatJudgeOptions { Parallel = 3 })
            .AskAsync(questions, Cancel)
            .ToArrayAsync(Cancel);
        Assert.Equal(questions.Select((q, i) => new Reply(q.Id, i % 4, "fake")), replies);
        Assert.InRange(fake.MostAtOnce, 1, 3);
    }

    [Fact]
    public async Task A_judge_that_cannot_be_reached_is_one_clear_error()
    {
        var problem = await Assert.ThrowsAsync<AttuneException>(() =>
            AskAsync(new Fake(_ => throw new HttpRequestException("Connection refused")), JudgeOrder.Both)
        );
        Assert.Equal(
            "fake cannot be asked to judge: Connection refused. Check the model's name, its endpoint and its key.",
            problem.Message
        );
    }

    private static async Task<(Reply[] Replies, JudgeTally Tally)> AskAsync(Fake client, JudgeOrder order)
    {
        var judge = new ChatJudge(client, "fake", new ChatJudgeOptions { Order = order });
        Question[] questions =
        [
            .. Enumerable
                .Range(0, 20)
                .Select(i => new Question(
                    $"run/{i}",
                    new Prompt.Text("Say something."),
                    i % 2 == 0 ? ["good", "bad"] : ["bad", "good"],
                    0
                )),
        ];
        var replies = await judge.AskAsync(questions, Cancel).ToArrayAsync(Cancel);
        Assert.All(replies, r => Assert.Equal("fake", r.Annotator));
        return (replies, judge.Tally);
    }

    /// <param name="judge">The answers as shown, to a reply.</param>
    private sealed class Fake(Func<string[], string> judge) : IChatClient
    {
        private readonly ConcurrentDictionary<int, bool> _now = [];
        private int _count;

        internal int MostAtOnce { get; private set; }

        public async Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        )
        {
            var id = Interlocked.Increment(ref _count);
            _now[id] = true;
            lock (_now)
            {
                MostAtOnce = Math.Max(MostAtOnce, _now.Count);
            }

            await Task.Delay(2, cancellationToken);
            var text = messages.Last().Text;
            string[] shown =
            [
                .. text.Split("[Answer ")[1..].Select(s => s[(s.IndexOf('\n', StringComparison.Ordinal) + 1)..].Split("\n\n")[0]),
            ];
            _now.TryRemove(id, out _);
            return new ChatResponse(new ChatMessage(ChatRole.Assistant, judge(shown)));
        }

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        ) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() { }
    }
}
