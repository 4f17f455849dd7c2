using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Data.Judging;
using Attune.Testing;
using CsCheck;
using Microsoft.Extensions.AI;

namespace Attune.Data.Tests.Judging;

public sealed class ModelFeedbackTests
{
    private static readonly Principle Kind = new()
    {
        Id = "kind",
        Title = "is kind",
        ComparisonQuestion = "Which is kinder?",
    };
    private static readonly Constitution Rules = new() { Title = "t", Principles = [Kind] };
    private static readonly AnswerPair Pair = new(new Prompt.Text("Say."), "good", "bad", CutAnswers.At([1]));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Soft_labels_equal_the_values_worked_out_by_hand()
    {
        // exp(-1) / (exp(-1) + exp(-2)) = 1 / (1 + exp(-1))
        Assert.Equal(0.731059, SoftLabels.OfLogProbs(-1, -2), 1e-6);
        Assert.Equal(0.75, SoftLabels.BothOrders(0.9, 0.4), 1e-12);
        Assert.Equal((0.4, 0.55, 0.6), (SoftLabels.Clamp(0.1), SoftLabels.Clamp(0.55), SoftLabels.Clamp(0.99)));
    }

    [Fact]
    public void Law_a_taste_for_a_place_cancels_over_both_orders() =>
        Gen.Select(Gen.Double[0.2, 0.8], Gen.Double[-0.2, 0.2])
            .Sample((p, taste) => Assert.Equal(p, SoftLabels.BothOrders(p + taste, 1 - p + taste), 1e-12), iter: 100);

    [Fact]
    public async Task A_comparison_becomes_an_ordinary_label_with_its_provenance()
    {
        var asked = await CompareAsync(new Fixed(pair => pair.First == "bad" ? 0.1 : 0.7));
        // a first 0.7, b first 0.1: (0.7 + 0.9) / 2
        Assert.Equal(0.8, asked.Probability!.Value, 1e-12);
        var label = asked.ToPreference(hard: false)!;
        Assert.Equal(("good", "bad", 0.8), (label.Chosen, label.Rejected, Math.Round(label.Probability, 9)));
        Assert.Equal(("kind", "both", "votes"), (label.Model!.Principle, label.Model.Order, label.Model.Evidence));
        Assert.Equal([1], label.Cut.Positions);
        Assert.Equal(1, asked.ToPreference(hard: true)!.Probability);
        using var folder = new TemporaryFolder();
        Data.Formats.DatasetFile.Write(folder.File("p.jsonl"), [label]);
        Assert.Equal(
            label with
            {
                Probability = label.Probability,
            },
            Data.Formats.DatasetFile.Read<Preference>(folder.File("p.jsonl")).Items[0]
        );
    }

    [Fact]
    public async Task The_place_that_decides_gives_a_half_and_no_hard_label()
    {
        var asked = await CompareAsync(new Fixed(_ => 0.9));
        Assert.Equal((0.5, true), (asked.Probability, asked.IsInconsistent));
        Assert.Null(asked.ToPreference(hard: true));
    }

    [Fact]
    public async Task An_order_that_cannot_be_read_leaves_the_other()
    {
        var one = await CompareAsync(new Fixed(pair => pair.First == "bad" ? 0.2 : null));
        Assert.Equal((0.8, "reversed"), (one.Probability, one.Orders));
        var none = await CompareAsync(new Fixed(_ => null));
        Assert.Null(none.Probability);
        Assert.Null(none.ToPreference(hard: false));
    }

    [Fact]
    public async Task Without_log_probabilities_votes_are_counted_and_thoughts_are_clamped()
    {
        var n = 0;
        using var client = new Replies(_ => (Interlocked.Increment(ref n) % 4) == 0 ? "B" : "A");
        var judge = new PrincipleJudge("m", "m", Answers(client), null, new PrincipleJudgeOptions { Votes = 4 });
        var opinion = (await judge.JudgeAsync([Shown], null, Cancel))[0];
        Assert.Equal((0.75, Evidence.Votes, 64), (opinion.First, opinion.Evidence, opinion.PromptHash.Length));
        using var thinking = new Replies(text => text.EndsWith("Think step by step.", StringComparison.Ordinal) ? "Hm." : "A");
        var careful = new PrincipleJudge("m", "m", Answers(thinking), null, new PrincipleJudgeOptions { Votes = 2, ChainOfThought = true });
        opinion = (await careful.JudgeAsync([Shown], null, Cancel))[0];
        Assert.Equal((0.6, "Hm."), (opinion.First, opinion.Thought));
        Assert.NotEqual(judge.Hash, careful.Hash);
    }

    [Fact]
    public async Task Log_probabilities_are_believed_where_there_are_some()
    {
        using var client = new Replies(_ => throw new InvalidOperationException("nothing may be sampled"));
        var judge = new PrincipleJudge("m", "m", Answers(client), new Odds(), new PrincipleJudgeOptions());
        var opinion = (await judge.JudgeAsync([Shown], null, Cancel))[0];
        Assert.Equal(Evidence.LogProbabilities, opinion.Evidence);
        Assert.Equal(0.731059, opinion.First!.Value, 1e-6);
    }

    [Fact]
    public void A_judge_is_measured_by_values_worked_out_by_hand()
    {
        // People and judge over four pairs: AA, BB, AB, AA, and one that the judge leaves undecided.
        JudgedPair[] pairs =
        [
            Judged(0.9, 0.2, true),
            Judged(0.2, 0.7, false),
            Judged(0.3, 0.9, true),
            Judged(0.8, 0.4, true),
            Judged(0.5, 0.5, true),
        ];
        Assert.Equal(0.75, JudgeMeasurement.Agreement(pairs));
        // observed 3/4; expected (3/4)(2/4) + (1/4)(2/4) = 1/2
        Assert.Equal(0.5, JudgeMeasurement.CohensKappa(pairs), 1e-12);
        // coincidences over 8 values: A 5, B 3; disagreement 2/8 against 2*5*3/(8*7)
        Assert.Equal(1 - (0.25 / (30.0 / 56)), JudgeMeasurement.KrippendorffsAlpha(pairs), 1e-12);
        Assert.Equal(1, JudgeMeasurement.Consistency(pairs));
        // first wins 0.9, 0.7, 0.9, 0.8 of eight showings that decide, two halves
        Assert.Equal(0.5, JudgeMeasurement.FirstShown(pairs));
        Assert.Equal(0.5, JudgeMeasurement.Longer(pairs, p => p.Judge));
        Assert.Equal(0.75, JudgeMeasurement.Longer(pairs, p => p.People));
        Assert.Equal(4, JudgeMeasurement.CalibrationOf(pairs).Sum(b => b.Count));
        Assert.InRange(Calibration.ExpectedError(JudgeMeasurement.CalibrationOf(pairs)), 0, 1);
    }

    [Fact]
    public void A_measurement_holds_for_one_judge_alone()
    {
        var judge = new RuleCritic();
        var hash = JudgeFile.HashOf(judge, Rules);
        var file = new JudgeFile(judge.Name, hash, "d.jsonl", "00", 4, 0.75, 0.5, 0.1, 0.9);
        Assert.Null(JudgeFile.Doubt(file, judge, hash));
        Assert.Contains(
            "has changed since",
            JudgeFile.Doubt(file, judge, JudgeFile.HashOf(judge, Rules with { Title = "u" })),
            StringComparison.Ordinal
        );
        Assert.Contains("was not measured", JudgeFile.Doubt(null, judge, hash), StringComparison.Ordinal);
    }

    private static ShownPair Shown => new(Pair.Prompt, Pair.A, Pair.B, Kind, new Seed(1));

    private static Lazy<ChatAnswers> Answers(IChatClient client) => new(new ChatAnswers(client, "m", new ChatOptions(), 1));

    private static JudgedPair Judged(double shown, double reversed, bool people) =>
        new(new ModelComparison(Pair, "kind", Opinion(shown), Opinion(reversed), "m"), people);

    private static PairOpinion Opinion(double? first) => new(first, Evidence.Votes, "00");

    private static async Task<ModelComparison> CompareAsync(IPairJudge judge) =>
        (await ModelFeedback.CompareAsync(judge, Rules, [Pair], new Seed(1), null, Cancel))[0];

    private sealed class Fixed(Func<ShownPair, double?> opinion) : IPairJudge
    {
        public string Name => "fixed";
        public string Hash => "fixed";

        public Task<ImmutableArray<PairOpinion>> JudgeAsync(
            IReadOnlyList<ShownPair> pairs,
            IProgress<int>? finished,
            CancellationToken cancel
        ) => Task.FromResult<ImmutableArray<PairOpinion>>([.. pairs.Select(p => Opinion(opinion(p)))]);
    }

    private sealed class Odds : IOptionOdds
    {
        public Task<ImmutableArray<(double First, double Second)?>> OfAsync(
            IReadOnlyList<Prompt.Chat> questions,
            IProgress<int>? finished,
            CancellationToken cancel
        ) => Task.FromResult<ImmutableArray<(double First, double Second)?>>([.. questions.Select(_ => ((double, double)?)(-1, -2))]);
    }

    private sealed class Replies(Func<string, string> reply) : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        ) => Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, reply(messages.Last().Text))));

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        ) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() { }
    }
}
