using System.Runtime.CompilerServices;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Methods.Preference;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using Attune.Training;
using Attune.Training.Optimisation;
using TorchSharp;

namespace Attune.Methods.Tests.Preference;

public sealed class OnlineDpoTests
{
    private static readonly OnlineDpoOptions Small = new()
    {
        TotalEpisodes = 64,
        RolloutBatchSize = 32,
        Training = new OnlineDpoOptions().Training with { BatchSize = 8 },
    };

    [Fact]
    public async Task A_round_asks_about_two_answers_to_a_prompt_and_learns_what_the_judge_preferred()
    {
        using var policy = TinyModels.Language(1);
        var judge = new Recording(q => q.Answers.Length - 1);
        using var parts = new TinyOnlineDpo(Small, policy, judge);
        var round = await parts.Experience.NextAsync(Progress.Start(new Seed(1)), CancellationToken.None);
        Assert.InRange(judge.Asked.Count, 10, 16);
        Assert.All(judge.Asked, q => Assert.NotEqual(q.Answers[0], q.Answers[1]));
        Assert.Equal(judge.Asked.Select(q => q.Id).Distinct().Count(), judge.Asked.Count);
        Assert.StartsWith("online-dpo/0/", judge.Asked[0].Id, StringComparison.Ordinal);
        var pairs = round!.Updates.SelectMany(u => u).ToArray();
        Assert.Equal(judge.Asked.Count, pairs.Length);
        Assert.All(
            pairs,
            p => Assert.Contains(judge.Asked, q => q.Answers[1] == Text(p.Pair.Chosen) && q.Answers[0] == Text(p.Pair.Rejected))
        );
        // The policy is its reference still.
        Assert.All(
            pairs,
            p => Assert.Equal(Training.Batches.AnswerSums.Plain(policy, [p.Pair.Chosen])[0], p.Reference!.Value.Chosen, 1e-4)
        );
        Assert.Equal(0, round.Measured["objective/kl"], 1e-5);
        Assert.Equal(32, round.Items);
    }

    [Fact]
    public async Task A_judge_without_preferences_ends_the_run_with_the_reason()
    {
        using var policy = TinyModels.Language(1);
        var judge = new Recording(_ => null);
        using var parts = new TinyOnlineDpo(Small, policy, judge);
        Assert.Null(await parts.Experience.NextAsync(Progress.Start(new Seed(1)), CancellationToken.None));
        Assert.Contains("preferred no answer in round 1, drawn 3 times", parts.Experience.StoppedBecause, StringComparison.Ordinal);
        Assert.Equal(judge.Asked.Count, judge.Asked.Select(q => q.Id).Distinct().Count());
    }

    [Fact]
    public async Task A_round_of_ties_is_drawn_again()
    {
        using var policy = TinyModels.Language(1);
        var judge = new Recording(q => q.Id.Contains("again-1", StringComparison.Ordinal) ? 0 : null);
        using var parts = new TinyOnlineDpo(Small, policy, judge);
        var round = await parts.Experience.NextAsync(Progress.Start(new Seed(1)), CancellationToken.None);
        var (first, second) = (
            judge.Asked.Where(q => !q.Id.Contains("again", StringComparison.Ordinal)).ToArray(),
            judge.Asked.Where(q => q.Id.Contains("again-1", StringComparison.Ordinal)).ToArray()
        );
        Assert.Equal(judge.Asked.Count, first.Length + second.Length);
        Assert.Equal(second.Length, round!.Updates.Sum(u => u.Count));
        Assert.NotEqual(first[0].Answers, second[0].Answers);
        Assert.Equal(64, round.Items);
    }

    [Fact]
    public async Task The_best_answer_can_be_paired_with_the_worst_alone()
    {
        using var policy = TinyModels.Language(1);
        var judge = new Recording(_ => 0) { Worst = 2 };
        using var parts = new TinyOnlineDpo(Small with { Answers = 4, Pairs = JudgedPairs.BestWorst }, policy, judge);
        var round = await parts.Experience.NextAsync(Progress.Start(new Seed(1)), CancellationToken.None);
        var pairs = round!.Updates.SelectMany(u => u).ToArray();
        Assert.InRange(pairs.Length, 4, judge.Asked.Count);
        Assert.All(
            pairs,
            p => Assert.Contains(judge.Asked, q => q.Answers[0] == Text(p.Pair.Chosen) && q.Answers[2] == Text(p.Pair.Rejected))
        );
    }

    [Fact]
    public async Task XPO_pairs_an_answer_of_the_policy_with_one_of_the_reference_and_pays_for_leaving_it()
    {
        using var policy = TinyModels.Language(1);
        var options = Small with { XpoAlpha = 0.5 };
        var judge = new Recording(_ => 0);
        using var parts = new TinyOnlineDpo(options, policy, judge);
        var round = await parts.Experience.NextAsync(Progress.Start(new Seed(1)), CancellationToken.None);
        PreferencePair[] pairs = [.. round!.Updates.SelectMany(u => u)];
        // The judge always takes the first; whose it is, is a matter of chance.
        Assert.Contains(pairs, p => p.Explored == ExploredSide.Chosen);
        Assert.Contains(pairs, p => p.Explored == ExploredSide.Rejected);
        using var scope = TorchSharp.torch.NewDisposeScope();
        double Loss(OnlineDpoOptions o) => OnlineDpoExperience.Objective(o, policy).Evaluate(pairs).SummedLoss.ToDouble();
        var explored = Training.Batches.AnswerSums.Plain(
            policy,
            [.. pairs.Select(p => p.Explored == ExploredSide.Chosen ? p.Pair.Chosen : p.Pair.Rejected)]
        );
        Assert.Equal(Loss(options with { XpoAlpha = 0 }) + 0.5 * explored.Sum(), Loss(options), 1e-3);
    }

    [Theory]
    [InlineData(OnlineLoss.Sigmoid, 2, false)]
    [InlineData(OnlineLoss.Ipo, 4, false)]
    [InlineData(OnlineLoss.Sigmoid, 2, true)]
    public async Task Learns_a_tiny_task(OnlineLoss loss, int answers, bool iterated)
    {
        using var policy = TinyModels.Language(1);
        var options = new OnlineDpoOptions
        {
            LossType = loss,
            Beta = 0.2,
            Answers = answers,
            RefreshReference = iterated,
            TotalEpisodes = 64 * 25,
            RolloutBatchSize = 64,
            Training = new OnlineDpoOptions().Training with { BatchSize = 32, LearningRate = 3e-3 },
        };
        using var parts = new TinyOnlineDpo(options, policy);
        var observer = new RecordingObserver();
        var even = new List<double>();
        using var sampler = new Training.Rollouts.LocalSampler();
        double Even()
        {
            sampler.UseWeightsAsync(policy, 0, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            Core.Rollouts.SampleRequest[] requests =
            [
                .. Enumerable.Range(0, 200).Select(i => new Core.Rollouts.SampleRequest([1, 3], new Seed(9).For("look", i))),
            ];
            var rollouts = sampler
                .SampleAsync(requests, new Core.Rollouts.SamplingOptions { MaxNewTokens = 6, EndToken = 0 }, CancellationToken.None)
                .AsTask()
                .GetAwaiter()
                .GetResult();
            return rollouts.Average(r => (double)TinyData.EvenTokens(r.Sequence) / r.Sequence.AnswerLength);
        }

        even.Add(Even());
        using var loop = new TrainingLoop<PreferencePair>(
            OnlineDpoExperience.Objective(options, policy),
            parts.Experience,
            new Schedule(ScheduleKind.Linear, options.Training.LearningRate, 0),
            new OptimiserOptions { MaxGradientNorm = 1 },
            new LoopOptions(32, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(1)), observer, CancellationToken.None);
        even.Add(Even());
        Assert.True(even[1] > even[0] + 0.2, $"even tokens went from {even[0]:f2} to {even[1]:f2}");
    }

    private static string Text(Core.Tokens.TokenSequence sequence) => string.Join(' ', sequence.Answer.ToArray());

    private sealed class Recording(Func<Question, int?> judge) : IFeedbackSource
    {
        public List<Question> Asked { get; } = [];

        public int? Worst { get; init; }

        public string Name => "recording";

        public async IAsyncEnumerable<Reply> AskAsync(IReadOnlyList<Question> questions, [EnumeratorCancellation] CancellationToken cancel)
        {
            await Task.CompletedTask;
            Asked.AddRange(questions);
            foreach (var question in questions)
            {
                yield return new Reply(question.Id, judge(question)) { Worst = Worst };
            }
        }
    }
}
