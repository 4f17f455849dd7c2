using System.Collections.Immutable;
using Attune.Core.Feedback;
using Attune.Data.Formats;

namespace Attune.Data.Cleaning;

/// <summary>How to treat rows that say little or contradict each other.</summary>
public enum RowHandling
{
    /// <summary>Left out, and counted.</summary>
    Drop,

    /// <summary>Used, and counted.</summary>
    Keep,
}

/// <summary>The result of cleaning.</summary>
/// <param name="Dropped">Rows left out, by reason.</param>
/// <param name="Kept">Rows that are used in spite of a problem, by problem.</param>
public sealed record CleanedRows<T>(ImmutableArray<T> Items, ImmutableArray<DroppedRows> Dropped, ImmutableArray<DroppedRows> Kept);

/// <summary>
/// Finds labels that are well formed but make no sense. <c>docs/data-formats.md</c> has the table. Ties and answers to different
/// prompts are found earlier, when rows are read.
/// </summary>
public sealed record PreferenceCleaning
{
    public const string Equal = PreferenceRows.Equal;
    public const string EmptyChosen = "the chosen answer is empty";
    public const string EmptyRejected = "the rejected answer is empty";
    public const string EmptyAnswer = "the answer is empty";
    public const string Contradictory = "the same two answers also have the opposite label";
    public const string ContradictoryVerdict = "the same answer also has the opposite label";

    /// <summary>Answers that are empty or white space.</summary>
    public RowHandling EmptyAnswers { get; init; } = RowHandling.Drop;

    /// <summary>
    /// Both directions of a pair. Kept by default: where labels err or annotators differ, training has to learn how often each
    /// answer wins.
    /// </summary>
    public RowHandling Contradictions { get; init; } = RowHandling.Keep;

    public CleanedRows<Preference> Clean(IReadOnlyList<Preference> rows)
    {
        var seen = rows.Select(Directed).ToHashSet();
        return Clean(
            rows,
            row =>
                row.Chosen == row.Rejected ? (Equal, RowHandling.Drop)
                : string.IsNullOrWhiteSpace(row.Chosen) ? (EmptyChosen, EmptyAnswers)
                : string.IsNullOrWhiteSpace(row.Rejected) ? (EmptyRejected, EmptyAnswers)
                : seen.Contains((row.Prompt.Key, row.Rejected, row.Chosen)) ? (Contradictory, Contradictions)
                : null
        );
    }

    public CleanedRows<Verdict> Clean(IReadOnlyList<Verdict> rows)
    {
        var seen = rows.Select(r => (r.Prompt.Key, r.Answer, r.Desirable)).ToHashSet();
        return Clean(
            rows,
            row =>
                string.IsNullOrWhiteSpace(row.Answer) ? (EmptyAnswer, EmptyAnswers)
                : seen.Contains((row.Prompt.Key, row.Answer, !row.Desirable)) ? (ContradictoryVerdict, Contradictions)
                : null
        );
    }

    private static (string, string, string) Directed(Preference row) => (row.Prompt.Key, row.Chosen, row.Rejected);

    private static CleanedRows<T> Clean<T>(IReadOnlyList<T> rows, Func<T, (string Reason, RowHandling Handling)?> problem)
    {
        var items = ImmutableArray.CreateBuilder<T>();
        List<string> dropped = [],
            kept = [];
        foreach (var row in rows)
        {
            var found = problem(row);
            if (found is { Handling: RowHandling.Drop })
            {
                dropped.Add(found.Value.Reason);
                continue;
            }

            items.Add(row);
            if (found is not null)
            {
                kept.Add(found.Value.Reason);
            }
        }

        return new CleanedRows<T>(items.ToImmutable(), DroppedRows.Of(dropped), DroppedRows.Of(kept));
    }
}
