using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Runs;

namespace Attune.Methods.Policy.Online;

/// <summary>
/// Online human feedback (Ziegler et al. 2019, arXiv:1909.08593, section 2.3): when the schedule says so, ask about the policy's present
/// answers, train a new reward model on all labels so far, and let the policy go on with that. Everything asked, answered and trained is
/// in the journals, so that a run killed at any moment goes on where it was.
/// </summary>
public sealed class OnlineFeedback : IRoundPreparation
{
    private readonly OnlineFeedbackOptions _options;
    private readonly OnlineContext _context;
    private readonly QuestionDraw _draw;
    private readonly ImmutableArray<LabelOrder> _plan;

    public OnlineFeedback(OnlineFeedbackOptions options, OnlineContext context)
    {
        (_options, _context) = (options, context);
        _draw = new QuestionDraw(options, context);
        _plan = LabelSchedule.Plan(options.InitialLabels, options.Labels, options.Refreshes, context.Rounds, options.Schedule);
    }

    /// <summary>Reward models so far.</summary>
    public int Refreshes { get; private set; }

    /// <summary>All questions that were answered with a preference, in the order asked.</summary>
    public IEnumerable<(Question Question, Reply Reply)> Labels => _context.Journal.Labels(_plan.Length);

    public IReadOnlyDictionary<string, double> State => new Dictionary<string, double> { ["online/refreshes"] = Refreshes };

    public void Restore(IReadOnlyDictionary<string, double> state)
    {
        if ((int)state["online/refreshes"] is var refreshes && refreshes != Refreshes)
        {
            Use(refreshes - 1);
        }
    }

    /// <summary>The first questions, about the policy as it starts, and the first reward model.</summary>
    public async Task BeginAsync(CancellationToken cancel)
    {
        await _context.Rollouts.Sampler.UseWeightsAsync(_context.Rollouts.Policy, 0, cancel);
        await RefreshAsync(0, Progress.Start(_context.Seed), cancel);
    }

    public async ValueTask<Metrics> PrepareAsync(Progress at, CancellationToken cancel)
    {
        var measured = new Metrics();
        var refresh = _plan.Select(o => o.Round).ToList().IndexOf(at.Round);
        if (refresh < 0)
        {
            return measured;
        }

        await RefreshAsync(refresh, at, cancel);
        foreach (var (name, value) in await _context.Versions.FiguresAsync(refresh, cancel))
        {
            measured.Set(name, value);
        }

        return measured;
    }

    /// <summary>A label as the reward model learns it.</summary>
    public static Choice ToChoice((Question Question, Reply Reply) label) =>
        label.Question.Choose(label.Reply.Best!.Value, label.Reply.Annotator);

    /// <summary>Asks, trains a reward model on all labels so far, and lets the policy learn from it.</summary>
    private async Task RefreshAsync(int refresh, Progress at, CancellationToken cancel)
    {
        if (!_context.Versions.Has(refresh))
        {
            var clock = Stopwatch.StartNew();
            var asked = await AskAsync(refresh, at, cancel);
            var waited = clock.Elapsed.TotalSeconds;
            var labels = _context.Journal.Labels(refresh).ToArray();
            Choice[] fresh = [.. labels.Where(l => asked.Contains(l.Question)).Select(ToChoice)];
            // Every new label is held out for the reward model before it.
            double? before = _context.Reward.Model is { } old && fresh.Length > 0 ? _context.Fit.Accuracy(old, fresh) : null;
            clock.Restart();
            var (model, accuracy) = await _context.Fit.TrainAsync(refresh, [.. labels.Select(ToChoice)], cancel);
            using (model)
            {
                var figures = Figures(labels, asked.Length - fresh.Length, at.Updates, before, accuracy);
                figures["time/feedback"] = waited;
                figures["time/refresh"] = clock.Elapsed.TotalSeconds;
                _context.Versions.Save(refresh, model, figures);
            }
        }

        Use(refresh);
    }

    private void Use(int refresh)
    {
        _context.Reward.Use(_context.Versions.Load(refresh));
        _context.Rollouts.Evaluation?.ForgetExact();
        Refreshes = refresh + 1;
    }

    private static Dictionary<string, double> Figures(
        (Question Question, Reply Reply)[] labels,
        int unanswered,
        long updates,
        double? before,
        double? accuracy
    )
    {
        var figures = new Dictionary<string, double>
        {
            ["online/labels"] = labels.Length,
            ["online/unanswered"] = unanswered,
            ["online/label_age"] = labels.Average(l => (double)(updates - l.Question.PolicyVersion)),
            ["online/stale_labels"] = labels.Average(l => l.Question.PolicyVersion < updates ? 1.0 : 0),
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
    /// <returns>The refresh's questions, answered or not.</returns>
    private async Task<ImmutableArray<Question>> AskAsync(int refresh, Progress at, CancellationToken cancel)
    {
        var journal = _context.Journal;
        if (journal.Asked(refresh) is not { } questions)
        {
            questions = await _draw.DrawAsync(refresh, _plan[refresh].Labels, at, cancel);
            journal.Ask(refresh, questions);
        }

        if (!journal.IsClosed(refresh))
        {
            await WaitAsync([.. questions.Where(q => journal.ReplyTo(q.Id) is null)], questions.Length, cancel);
            RequireLabels(refresh, questions);
            journal.Close(refresh);
        }

        return questions;
    }

    private async Task WaitAsync(Question[] pending, int all, CancellationToken cancel)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (_options.AnswerTimeout > 0)
        {
            timeout.CancelAfter(TimeSpan.FromSeconds(_options.AnswerTimeout));
        }

        var answered = all - pending.Length;
        var task = $"asking {_context.Source.Name}";
        try
        {
            _context.Report(task, answered, all);
            await foreach (var reply in _context.Source.AskAsync(pending, timeout.Token))
            {
                if (_context.Journal.ReplyTo(reply.QuestionId) is null)
                {
                    _context.Journal.Add(reply);
                    _context.Report(task, ++answered, all);
                }
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            _context.Note(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{answered} of {all} questions were answered within {_options.AnswerTimeout:g6} s; the run goes on without the others"
                )
            );
        }
    }

    /// <summary>A refresh may bring nothing; the first reward model needs something to learn.</summary>
    private void RequireLabels(int refresh, ImmutableArray<Question> questions)
    {
        if (!_context.Journal.Labels(refresh).Any())
        {
            throw new AttuneException(
                $"online: none of {questions.Length} questions was answered, and there is no reward model without labels. They "
                    + "are kept: run again with --resume to ask them once more."
            );
        }
    }
}
