using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Files;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Formats;
using Attune.Methods.Policy;
using Attune.Methods.Reward;
using Attune.Recipes.Running;
using Attune.Training.Batches;
using Attune.Training.Rewards;

namespace Attune.Recipes.Stages;

/// <summary>
/// Asks about the policy's present answers when the schedule says so, waits, and trains the reward model anew on all labels so far.
/// Everything asked, answered and trained lies in the stage's folder, so that a run killed at any moment goes on where it was.
/// </summary>
internal sealed class OnlineFeedback : IRoundPreparation
{
    private const string FiguresFile = "figures.json";

    private readonly OnlineStage _options;
    private readonly PolicySetup _bench;
    private readonly StageContext _room;
    private readonly IFeedbackSource _source;
    private readonly RefreshedReward _reward;
    private readonly QuestionJournal _journal;
    private readonly ImmutableArray<LabelOrder> _plan;
    private readonly OnlineRewardFit _fit;
    private int _done;

    public OnlineFeedback(OnlineStage options, PolicySetup bench, StageContext room, IFeedbackSource source, RefreshedReward reward)
    {
        (_options, _bench, _room, _source, _reward) = (options, bench, room, source, reward);
        Directory.CreateDirectory(room.Folder);
        _journal = new QuestionJournal(room.Folder);
        _plan = LabelSchedule.Plan(
            options.InitialLabels,
            options.Labels,
            options.Refreshes,
            options.Policy.Rollouts.Rounds,
            options.Schedule
        );
        _fit = new OnlineRewardFit(options, bench, room);
    }

    public IReadOnlyDictionary<string, double> State => new Dictionary<string, double> { ["online/refreshes"] = _done };

    public void Restore(IReadOnlyDictionary<string, double> state)
    {
        if ((int)state["online/refreshes"] is var done && done != _done)
        {
            Load(done - 1);
        }
    }

    /// <summary>The first questions, about the policy as it starts, and the first reward model.</summary>
    public async Task BeginAsync(CancellationToken cancel)
    {
        await _bench.Sampler.UseWeightsAsync(_bench.Policy, 0, cancel);
        await RefreshAsync(0, Progress.Start(_room.Seed), cancel);
        _room.Artifacts = _room.Artifacts with { Reward = Folder(0) };
    }

    public async ValueTask<Metrics> PrepareAsync(Progress at, CancellationToken cancel)
    {
        var due = _plan.Select(o => o.Round).ToList().IndexOf(at.Round);
        if (due < 0)
        {
            return new Metrics();
        }

        await RefreshAsync(due, at, cancel);
        var measured = new Metrics();
        foreach (
            var (name, value) in JsonSerializer.Deserialize<Dictionary<string, double>>(
                await File.ReadAllTextAsync(Path.Combine(Folder(due), FiguresFile), cancel)
            )!
        )
        {
            measured.Set(name, value);
        }

        return measured;
    }

    /// <summary>Questions that had a preference for an answer.</summary>
    public IEnumerable<Question> Answered => _journal.Labels(_plan.Length).Select(l => l.Question);

    /// <summary>Hands on the labels and the newest reward model, and adds what became of the questions.</summary>
    public void Finish(Dictionary<string, double> figures)
    {
        var labels = _journal.Labels(_plan.Length).ToArray();
        var preferences = Path.Combine(_room.Folder, "preferences.jsonl");
        if (_options.Answers == 2)
        {
            DatasetFile.Write(
                preferences,
                labels
                    .Select(l => new Preference(
                        l.Question.Prompt,
                        l.Question.Answers[l.Reply.Best!.Value],
                        l.Question.Answers[1 - l.Reply.Best.Value]
                    )
                    {
                        Annotator = l.Reply.Annotator,
                    })
                    .ToArray()
            );
        }
        else
        {
            DatasetFile.Write(preferences, labels.Select(ToChoice).ToArray());
        }

        _room.Artifacts = _room.Artifacts with
        {
            Reward = Folder(_done - 1),
            Preferences = preferences,
            HeldOutPreferences = null,
            Utility = _options.Source == FeedbackOrigin.Simulated ? _options.Utility : null,
        };
        figures["labels"] = labels.Length;
        figures["refreshes"] = _done;
        foreach (var version in labels.GroupBy(l => l.Question.PolicyVersion).OrderBy(g => g.Key))
        {
            figures[string.Create(CultureInfo.InvariantCulture, $"labels_from_update/{version.Key}")] = version.Count();
        }
    }

    private string Folder(int refresh) => Path.Combine(_room.Folder, string.Create(CultureInfo.InvariantCulture, $"reward-{refresh + 1}"));

    private async Task RefreshAsync(int refresh, Progress at, CancellationToken cancel)
    {
        if (!Directory.Exists(Folder(refresh)))
        {
            var clock = Stopwatch.StartNew();
            var asked = await AskAsync(refresh, at, cancel);
            var waited = clock.Elapsed.TotalSeconds;
            var labels = _journal.Labels(refresh).ToArray();
            Choice[] fresh = [.. labels.Where(l => asked.Contains(l.Question)).Select(ToChoice)];
            // Every new label is held out for the reward model before it.
            double? before = _reward.Model is { } old && fresh.Length > 0 ? _fit.Accuracy(old, fresh) : null;
            clock.Restart();
            var (model, accuracy) = await _fit.TrainAsync(refresh, [.. labels.Select(ToChoice)], cancel);
            using (model)
            {
                Save(
                    refresh,
                    model,
                    Figures(labels, asked.Length - fresh.Length, at.Updates, before, accuracy, waited, clock.Elapsed.TotalSeconds)
                );
            }
        }

        Load(refresh);
    }

    private void Load(int refresh)
    {
        _reward.Use(RewardModel.Load(Folder(refresh)));
        _bench.Evaluation.ForgetExact();
        _done = refresh + 1;
    }

    /// <summary>A folder that exists is complete: it is written under another name and renamed.</summary>
    private void Save(int refresh, RewardModel model, Dictionary<string, double> figures)
    {
        var temporary = Folder(refresh) + ".unfinished";
        model.Save(temporary);
        _bench.Encoder.Save(temporary);
        AtomicFile.WriteText(Path.Combine(temporary, FiguresFile), JsonSerializer.Serialize(figures));
        Directory.Move(temporary, Folder(refresh));
    }

    private static Dictionary<string, double> Figures(
        (Question Question, Reply Reply)[] labels,
        int unanswered,
        long updates,
        double? before,
        double? accuracy,
        double waited,
        double trained
    )
    {
        var figures = new Dictionary<string, double>
        {
            ["online/labels"] = labels.Length,
            ["online/unanswered"] = unanswered,
            ["online/label_age"] = labels.Average(l => (double)(updates - l.Question.PolicyVersion)),
            ["online/stale_labels"] = labels.Average(l => l.Question.PolicyVersion < updates ? 1.0 : 0),
            ["time/feedback"] = waited,
            ["time/refresh"] = trained,
        };
        if (before is { } old)
        {
            figures["online/accuracy_on_new"] = old;
        }

        if (accuracy is { } now)
        {
            figures["eval_accuracy"] = now;
        }

        return figures;
    }

    /// <summary>Asks what the journal does not know yet, and waits for the replies.</summary>
    /// <returns>The round's questions, answered or not.</returns>
    private async Task<ImmutableArray<Question>> AskAsync(int refresh, Progress at, CancellationToken cancel)
    {
        if (_journal.Asked(refresh) is not { } questions)
        {
            questions = await DrawAsync(refresh, at, cancel);
            _journal.Ask(refresh, questions);
        }

        if (!_journal.IsClosed(refresh))
        {
            await WaitAsync([.. questions.Where(q => _journal.ReplyTo(q.Id) is null)], questions.Length, cancel);
            RequireLabels(refresh, questions);
            _journal.Close(refresh);
        }

        return questions;
    }

    private async Task WaitAsync(Question[] pending, int all, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (_options.AnswerTimeout > 0)
        {
            patience.CancelAfter(TimeSpan.FromSeconds(_options.AnswerTimeout));
        }

        var answered = all - pending.Length;
        try
        {
            _room.Screen.Report($"asking {_source.Name}", answered, all, "");
            await foreach (var reply in _source.AskAsync(pending, patience.Token))
            {
                if (_journal.ReplyTo(reply.QuestionId) is null)
                {
                    _journal.Add(reply);
                    _room.Screen.Report($"asking {_source.Name}", ++answered, all, "");
                }
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            _room.Note(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{answered} of {all} questions were answered within {_options.AnswerTimeout:g6} s; the run goes on without the others"
                )
            );
        }
    }

    /// <summary>A round may bring nothing; the first reward model needs something to learn.</summary>
    private void RequireLabels(int refresh, ImmutableArray<Question> questions)
    {
        if (!_journal.Labels(refresh).Any())
        {
            throw new AttuneException(
                $"online: none of {questions.Length} questions was answered, and there is no reward model without labels. They "
                    + "are kept: run again with --resume to ask them once more."
            );
        }
    }

    private async Task<ImmutableArray<Question>> DrawAsync(int refresh, Progress at, CancellationToken cancel)
    {
        var count = _plan[refresh].Labels;
        var choose = _options.Selection == QuestionSelection.Disagreement && _reward.Model is not null;
        var candidates = choose ? count * _options.Candidates : count;
        var seed = _room.Seed.For("questions", refresh);
        var order = seed.Rng().Permutation(_bench.Prompts.Count);
        SampleRequest[] requests =
        [
            .. Enumerable
                .Range(0, candidates)
                .SelectMany(i =>
                    Enumerable
                        .Range(0, _options.Answers)
                        .Select(k => _bench.Prompts.Request(order[i % order.Length], seed.For("answer", i, k)))
                ),
        ];
        var rollouts = await _bench.Sampler.SampleAsync(requests, _bench.Sampling, cancel);
        var groups = rollouts.Chunk(_options.Answers).ToArray();
        var questions = groups
            .Select(
                (group, i) =>
                    new Question(
                        $"{_room.Name}/{refresh}/{i}",
                        PromptOf(order[i % order.Length], group[0].Sequence),
                        [.. group.Select(r => _bench.Encoder.DecodeAnswer(_bench.Prompts[order[i % order.Length]], r.Sequence.Answer))],
                        at.Updates
                    )
            )
            .ToArray();
        int[] different =
        [
            .. Enumerable
                .Range(0, candidates)
                .Where(i => questions[i].Answers.Distinct(StringComparer.Ordinal).Count() == _options.Answers),
        ];
        if (different.Length < candidates && !choose)
        {
            _room.Note($"round {at.Round}: {candidates - different.Length} questions were left out: answers came out the same");
        }

        int[] asked = choose
            ? [.. QuestionChoice.MostDisputed(Disagreements(groups, different), count).Select(i => different[i])]
            : different;
        return [.. asked.Select(i => questions[i])];
    }

    /// <summary>The prompt as the policy saw it: shortened where the task says so.</summary>
    private Prompt PromptOf(int index, TokenSequence sequence) =>
        _options.Policy.Task.PromptTokens > 0 ? new Prompt.Text(_bench.Encoder.Tokenizer.Decode(sequence.Prompt)) : _bench.Prompts[index];

    private double[] Disagreements(Rollout[][] groups, int[] which)
    {
        var model = _reward.Model!;
        TokenSequence[] sequences = [.. which.SelectMany(i => groups[i]).Select(r => r.Sequence.WithoutEnd(model.EndToken))];
        var scores = model.Members.Select(m => AnswerScores.Plain(m, sequences).Chunk(_options.Answers).ToArray()).ToArray();
        return [.. Enumerable.Range(0, which.Length).Select(i => QuestionChoice.Disagreement([.. scores.Select(s => s[i])]))];
    }

    private static Choice ToChoice((Question Question, Reply Reply) label) =>
        new(label.Question.Prompt, label.Question.Answers, label.Reply.Best!.Value) { Annotator = label.Reply.Annotator };
}
