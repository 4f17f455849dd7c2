using System.Collections.Immutable;
using Attune.Core.Feedback;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback;

/// <summary>Whether an answer to a gold task is right.</summary>
internal static class GoldCheck
{
    /// <summary>Spans that overlap at least so well with the expected ones are right.</summary>
    private const double LeastSpanOverlap = 0.5;

    /// <summary>Ratings at most this share of the scale apart are right.</summary>
    private const double RatingTolerance = 0.2;

    public static bool IsRight(Judgement expected, Judgement given, ProjectSettings settings) =>
        (expected, given) switch
        {
            (ComparisonJudgement right, ComparisonJudgement answer) => right.Pick == answer.Pick,
            (ChoiceJudgement right, ChoiceJudgement answer) => right.Best == answer.Best,
            (RankingJudgement right, RankingJudgement answer) => SameOrder(right.Ranks, answer.Ranks),
            (RatingJudgement right, RatingJudgement answer) => Math.Abs(right.Value - answer.Value)
                <= RatingTolerance * (settings.Best - settings.Worst),
            (StepsJudgement right, StepsJudgement answer) => right.Ratings.IndexOf(-1) == answer.Ratings.IndexOf(-1),
            (SpansJudgement right, SpansJudgement answer) => SpanOverlap.F1(right.Spans, answer.Spans) >= LeastSpanOverlap,
            (ChatJudgement right, ChatJudgement answer) => right.Turns.Length == answer.Turns.Length
                && right
                    .Turns.Zip(answer.Turns)
                    .All(t => Strength.PrefersFirst(t.First.Strength) == Strength.PrefersFirst(t.Second.Strength)),
            _ => false,
        };

    /// <summary>Every pair stands in the same order, ties included.</summary>
    private static bool SameOrder(ImmutableArray<int> left, ImmutableArray<int> right) =>
        left.Length == right.Length
        && Enumerable
            .Range(0, left.Length)
            .All(i => Enumerable.Range(0, i).All(j => left[i].CompareTo(left[j]) == right[i].CompareTo(right[j])));
}

/// <summary>How well two people's spans agree: the harmonic mean of the shares of code points marked alike, types included.</summary>
public static class SpanOverlap
{
    /// <summary>1 where both mark the same code points with the same types, or nothing at all; 0 where nothing is alike.</summary>
    public static double F1(ImmutableArray<AnswerSpan> left, ImmutableArray<AnswerSpan> right)
    {
        var (first, second) = (Marked(left), Marked(right));
        if (first.Count + second.Count == 0)
        {
            return 1;
        }
        return 2.0 * first.Intersect(second).Count() / (first.Count + second.Count);
    }

    private static HashSet<(int, string)> Marked(ImmutableArray<AnswerSpan> spans) =>
        [.. spans.SelectMany(s => Enumerable.Range(s.Start, s.End - s.Start).Select(i => (i, s.Type)))];
}

/// <summary>Pauses people who get too much gold wrong.</summary>
internal static class GoldStanding
{
    public static async Task PauseIfPoorAsync(
        StoreWriter writer,
        ProjectRow project,
        ProjectSettings settings,
        Guid person,
        CancellationToken cancel
    )
    {
        if (settings.LeastGoldAccuracy is not { } least)
        {
            return;
        }
        var answers = await GivenAsync(writer.Db, project.Id, person, cancel);
        var right = answers.Count(a => GoldCheck.IsRight(a.Expected, a.Given, settings));
        if (answers.Count < settings.GoldBeforePause || right >= least * answers.Count)
        {
            return;
        }
        var paused = await writer
            .Db.Memberships.Where(m => m.ProjectId == project.Id && m.PersonId == person && m.PausedBecause == null)
            .ExecuteUpdateAsync(
                set => set.SetProperty(m => m.PausedBecause, "Your work is paused until the manager has talked with you."),
                cancel
            );
        if (paused > 0)
        {
            writer.Audit(
                null,
                "person.paused",
                person,
                new
                {
                    project = project.Id,
                    gold = answers.Count,
                    right,
                }
            );
        }
    }

    public static async Task<IReadOnlyList<(Judgement Expected, Judgement Given)>> GivenAsync(
        FeedbackContext db,
        Guid project,
        Guid person,
        CancellationToken cancel
    )
    {
        var rows = await (
            from response in db.Responses
            join task in db.Tasks on response.TaskId equals task.Id
            join revision in db.Revisions on response.CurrentRevisionId equals revision.Id
            where
                response.ProjectId == project
                && response.PersonId == person
                && response.State == ResponseState.Submitted
                && task.ExpectedJson != null
                && !revision.Redacted
            select new { task.ExpectedJson, revision.ValueJson }
        )
            .AsNoTracking()
            .ToListAsync(cancel);
        return [.. rows.Select(r => (StoreJson.Read<Judgement>(r.ExpectedJson!), StoreJson.Read<Judgement>(r.ValueJson)))];
    }
}
