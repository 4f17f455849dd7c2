using Attune.Core.Conversations;
using Attune.Feedback.Exchange;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;

namespace Attune.Audit.Judgements;

/// <summary>Two answers to a prompt and which was preferred.</summary>
/// <param name="First">In the order of the file.</param>
/// <param name="FirstWins">1 where the first was preferred, 0 the second, one half where they were judged alike.</param>
/// <param name="Person">Null where the source does not say.</param>
/// <param name="Whole">Part of a ranking of all answers or of a choice among them, which cannot hold a circle by itself.</param>
/// <param name="At">When; null where the source does not say.</param>
public sealed record PairJudgement(
    string Prompt,
    string First,
    string Second,
    double FirstWins,
    string? Person = null,
    bool Whole = false,
    DateTimeOffset? At = null
)
{
    public bool IsTie => FirstWins == 0.5;

    /// <summary>How long the person was at it; null where the source does not say.</summary>
    public TimeSpan? Active { get; init; }

    /// <summary>Whether <see cref="First"/> may have been shown first: a file's order is taken as that shown.</summary>
    public bool IsShownOrder { get; init; } = true;

    /// <summary>The prompt itself, of which <see cref="Prompt"/> is the key.</summary>
    public Prompt Asked { get; init; } = new Prompt.Text(Prompt);

    /// <summary>The same judgement with its answers in the order of their text.</summary>
    public PairJudgement Sorted() =>
        string.CompareOrdinal(First, Second) <= 0 ? this : this with { First = Second, Second = First, FirstWins = 1 - FirstWins };

    /// <summary>Reads a file of labels in any format of the feedback store, or the rows of a snapshot's folder.</summary>
    public static IReadOnlyList<PairJudgement> Read(string path) =>
        Directory.Exists(path) ? [.. Files(path).SelectMany(Read)] : [.. ImportFile.Read(path, null, null).Items.SelectMany(Of)];

    private static string[] Files(string folder)
    {
        string[] files = [.. new[] { "train.jsonl", "held-out.jsonl" }.Select(f => Path.Combine(folder, f)).Where(File.Exists)];
        return files.Length > 0
            ? files
            : throw new Attune.Core.DataException(
                $"{folder} holds neither train.jsonl nor held-out.jsonl. Give a snapshot's folder (attune feedback snapshot) "
                    + "or a file of labels."
            );
    }

    /// <summary>The pairs of a judgement from a feedback store.</summary>
    public static IEnumerable<PairJudgement> Of(MadeJudgement made) =>
        Of(made.Content, made.Judgement, made.Annotator, made.At)
            .Select(pair => pair with { Active = made.Active, IsShownOrder = made.IsShownOrder });

    private static IEnumerable<PairJudgement> Of(NewItem item) =>
        item.Labels.SelectMany(label => Of(item.Content, label.Judgement, label.Annotator, label.At));

    private static IEnumerable<PairJudgement> Of(ItemContent item, Judgement judgement, string? person, DateTimeOffset? at)
    {
        PairJudgement Pair(int i, int j, double wins, bool whole) =>
            new(item.Prompt.Key, item.Candidates[i].Text, item.Candidates[j].Text, wins, person, whole, at) { Asked = item.Prompt };
        return judgement switch
        {
            ComparisonJudgement { Pick: Pick.First } => [Pair(0, 1, 1, false)],
            ComparisonJudgement { Pick: Pick.Second } => [Pair(0, 1, 0, false)],
            ComparisonJudgement { Pick: Pick.Tie } => [Pair(0, 1, 0.5, false)],
            RankingJudgement ranking =>
            [
                .. from i in Enumerable.Range(0, ranking.Ranks.Length)
                from j in Enumerable.Range(i + 1, ranking.Ranks.Length - i - 1)
                select Pair(i, j, (1 + Math.Sign(ranking.Ranks[j] - ranking.Ranks[i])) / 2.0, true),
            ],
            ChoiceJudgement { Best: { } best } =>
            [
                .. Enumerable
                    .Range(0, item.Candidates.Length)
                    .Where(i => i != best)
                    .Select(i => Pair(Math.Min(best, i), Math.Max(best, i), best < i ? 1 : 0, item.Candidates.Length > 2)),
            ],
            _ => [],
        };
    }
}
