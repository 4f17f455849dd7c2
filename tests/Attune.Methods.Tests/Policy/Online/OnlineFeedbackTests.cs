using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Methods.Policy;
using Attune.Methods.Policy.Online;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training.Rewards;

namespace Attune.Methods.Tests.Policy.Online;

/// <summary>The loop over ask, fit, go on, with journals in memory and a source that always prefers the first answer.</summary>
public sealed class OnlineFeedbackTests : IDisposable
{
    private static readonly OnlineFeedbackOptions Options = new()
    {
        InitialLabels = 4,
        Labels = 10,
        Refreshes = 2,
        Schedule = LabelRate.Constant,
    };

    private readonly TinyRollouts _tiny = new(new PpoOptions { Sampling = new() { MaxNewTokens = 6 } });
    private readonly RefreshedReward _reward = new();
    private readonly Journal _journal = new();
    private readonly Versions _versions = new();
    private readonly Fit _fit = new();

    public void Dispose()
    {
        _reward.Dispose();
        _tiny.Dispose();
    }

    [Fact]
    public async Task Each_refresh_trains_on_all_labels_so_far_and_measures_the_model_before_on_the_new_ones()
    {
        var feedback = Feedback(new First());
        await feedback.BeginAsync(CancellationToken.None);
        Assert.Equal(1, feedback.Refreshes);
        var due = new List<long>();
        for (var round = 0L; round < 9; round++)
        {
            if ((await feedback.PrepareAsync(At(round), CancellationToken.None)).Any)
            {
                due.Add(round);
            }
        }

        Assert.Equal([0, 3, 6], due); // the first refresh of 4 labels, then 3 each after a third and two thirds of 9 rounds
        Assert.Equal(3, feedback.Refreshes);
        Assert.Equal([.. Enumerable.Range(0, 3).Select(r => _journal.Labels(r).Count())], _fit.Trained);
        Assert.Equal([.. Enumerable.Range(1, 2).Select(r => _journal.Asked(r)!.Value.Length)], _fit.Measured);
        Assert.Equal(_journal.Labels(2).Count(), feedback.Labels.Count());
        Assert.Equal([0, 30, 60], feedback.Labels.Select(l => l.Question.PolicyVersion).Distinct());
    }

    [Fact]
    public async Task A_run_that_goes_on_asks_only_what_was_not_answered()
    {
        var impatient = new First(most: 2);
        using var stopped = new CancellationTokenSource();
        impatient.AfterLast = stopped.Cancel;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Feedback(impatient).BeginAsync(stopped.Token));
        var source = new First();
        await Feedback(source).BeginAsync(CancellationToken.None);
        var asked = _journal.Asked(0)!.Value;
        Assert.Equal(asked.Skip(2).Select(q => q.Id), source.Asked);
        Assert.Equal(asked.Length, _journal.Labels(0).Count());
    }

    [Fact]
    public async Task A_checkpoint_before_a_refresh_brings_back_the_model_of_then()
    {
        var feedback = Feedback(new First());
        await feedback.BeginAsync(CancellationToken.None);
        var before = feedback.State;
        await feedback.PrepareAsync(At(3), CancellationToken.None);
        feedback.Restore(before);
        Assert.Equal((1, 0), (feedback.Refreshes, _versions.Loaded[^1]));
    }

    [Fact]
    public async Task Without_a_single_label_there_is_no_reward_model() =>
        Assert.Contains(
            "run again with --resume",
            (await Assert.ThrowsAsync<AttuneException>(() => Feedback(new First(most: 0)).BeginAsync(CancellationToken.None))).Message,
            StringComparison.Ordinal
        );

    private static Progress At(long round) => Progress.Start(new Seed(5)) with { Round = round, Updates = 10 * round };

    private OnlineFeedback Feedback(IFeedbackSource source) =>
        new(
            Options,
            new OnlineContext
            {
                Name = "online",
                Seed = new Seed(5),
                Rounds = 9,
                Rollouts = _tiny.Parts,
                Encoder = new Encoder(BytePairTrainer.Train(["a b"], 260, new("<s>", "</s>", null)), ChatTemplates.Plain),
                Source = source,
                Journal = _journal,
                Versions = _versions,
                Fit = _fit,
                Reward = _reward,
            }
        );

    private sealed class First(int most = int.MaxValue) : IFeedbackSource
    {
        public List<string> Asked { get; } = [];

        public Action AfterLast { get; set; } = () => { };

        public string Name => "first";

        public async IAsyncEnumerable<Reply> AskAsync(IReadOnlyList<Question> questions, [EnumeratorCancellation] CancellationToken cancel)
        {
            await Task.Yield();
            foreach (var question in questions.Take(most))
            {
                Asked.Add(question.Id);
                yield return new Reply(question.Id, 0);
            }

            AfterLast();
            cancel.ThrowIfCancellationRequested();
        }
    }

    private sealed class Journal : IQuestionJournal
    {
        private readonly SortedDictionary<int, ImmutableArray<Question>> _asked = [];
        private readonly Dictionary<string, Reply> _replies = [];
        private readonly HashSet<int> _closed = [];

        public ImmutableArray<Question>? Asked(int refresh) => _asked.TryGetValue(refresh, out var questions) ? questions : null;

        public void Ask(int refresh, ImmutableArray<Question> questions) => _asked.Add(refresh, questions);

        public Reply? ReplyTo(string question) => _replies.GetValueOrDefault(question);

        public void Add(Reply reply) => _replies.Add(reply.QuestionId, reply);

        public bool IsClosed(int refresh) => _closed.Contains(refresh);

        public void Close(int refresh) => _closed.Add(refresh);

        public IEnumerable<(Question Question, Reply Reply)> Labels(int lastRefresh) =>
            _asked
                .Where(a => a.Key <= lastRefresh)
                .SelectMany(a => a.Value)
                .Where(q => _replies.GetValueOrDefault(q.Id)?.Best is not null)
                .Select(q => (q, _replies[q.Id]));
    }

    private sealed class Versions : IRewardVersions
    {
        private readonly Dictionary<int, IReadOnlyDictionary<string, double>> _saved = [];

        public List<int> Loaded { get; } = [];

        public bool Has(int refresh) => _saved.ContainsKey(refresh);

        public void Save(int refresh, RewardModel model, IReadOnlyDictionary<string, double> figures) => _saved.Add(refresh, figures);

        public RewardModel Load(int refresh)
        {
            Loaded.Add(refresh);
            return new RewardModel([TinyModels.Scalar((ulong)refresh)], 0, 1);
        }

        public ValueTask<IReadOnlyDictionary<string, double>> FiguresAsync(int refresh, CancellationToken cancel) =>
            ValueTask.FromResult(_saved[refresh]);
    }

    private sealed class Fit : IRewardFit
    {
        public List<int> Trained { get; } = [];

        public List<int> Measured { get; } = [];

        public Task<(RewardModel Model, double? Accuracy)> TrainAsync(int refresh, ImmutableArray<Choice> labels, CancellationToken cancel)
        {
            Trained.Add(labels.Length);
            return Task.FromResult((new RewardModel([TinyModels.Scalar(1)], 0, 1), (double?)null));
        }

        public double Accuracy(RewardModel model, IReadOnlyList<Choice> labels)
        {
            Measured.Add(labels.Count);
            return 1;
        }
    }
}
