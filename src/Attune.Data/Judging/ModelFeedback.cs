using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;

namespace Attune.Data.Judging;

/// <summary>Two answers to be compared by a model.</summary>
public sealed record AnswerPair(Prompt Prompt, string A, string B, CutAnswers Cut);

/// <summary>A comparison by a model, with all that is known of how it came about.</summary>
/// <param name="Principle">The id of the principle that was drawn.</param>
/// <param name="Shown">The opinion with a first.</param>
/// <param name="Reversed">The opinion with b first.</param>
public sealed record ModelComparison(AnswerPair Pair, string Principle, PairOpinion Shown, PairOpinion Reversed, string Judge)
{
    /// <summary>P(a is better), both orders averaged; null where neither could be read. One that could be read stands alone.</summary>
    public double? Probability =>
        (Shown.First, Reversed.First) switch
        {
            ({ } shown, { } reversed) => SoftLabels.BothOrders(shown, reversed),
            ({ } shown, null) => shown,
            (null, { } reversed) => 1 - reversed,
            _ => null,
        };

    /// <summary>Whether the two orders have different winners: the position decided.</summary>
    public bool IsInconsistent =>
        (Shown.First, Reversed.First) is ({ } shown, { } reversed) && (shown > 0.5) == (reversed > 0.5) && shown != 0.5 && reversed != 0.5;

    /// <summary>The comparison as an ordinary label with a model as author; null where no opinion could be read.</summary>
    /// <param name="hard">Certain labels: the likelier answer wins, and equal ones give no label.</param>
    public Preference? ToPreference(bool hard)
    {
        if (Probability is not { } a || (hard && a == 0.5))
        {
            return null;
        }

        var better = a >= 0.5;
        return new Preference(Pair.Prompt, better ? Pair.A : Pair.B, better ? Pair.B : Pair.A)
        {
            Probability = hard ? 1 : Math.Max(a, 1 - a),
            Annotator = Judge,
            Model = new ModelAuthor(Judge, Principle, Orders, Shown.PromptHash) { Evidence = Name(Shown.Evidence) },
            Cut = better ? Pair.Cut : Pair.Cut.Select(1, 0),
        };
    }

    /// <summary>Which orders the probability is made of.</summary>
    public string Orders =>
        (Shown.First, Reversed.First) switch
        {
            (not null, not null) => "both",
            (not null, null) => "shown",
            _ => "reversed",
        };

    /// <summary>How files name evidence.</summary>
    public static string Name(Evidence evidence) =>
        evidence switch
        {
            Evidence.LogProbabilities => "log-probabilities",
            Evidence.Votes => "votes",
            _ => "rule",
        };
}

/// <summary>Feedback by models: every pair in both orders, by a principle drawn for it (Bai et al. 2022, section 4.1).</summary>
public static class ModelFeedback
{
    /// <returns>A comparison for each pair that a principle applies to, in order.</returns>
    public static async Task<ImmutableArray<ModelComparison>> CompareAsync(
        IPairJudge judge,
        Constitution constitution,
        IReadOnlyList<AnswerPair> pairs,
        Seed seed,
        IProgress<int>? finished,
        CancellationToken cancel
    )
    {
        (AnswerPair Pair, Principle Principle, Seed Seed)[] drawn =
        [
            .. pairs
                .Select((p, i) => (p, constitution.Draw(PrincipleUse.Comparison, p.Prompt, seed.For("principle", i)), seed.For("judge", i)))
                .Where(d => d.Item2 is not null)
                .Select(d => (d.p, d.Item2!, d.Item3)),
        ];
        ShownPair[] asked =
        [
            .. drawn.Select(d => new ShownPair(d.Pair.Prompt, d.Pair.A, d.Pair.B, d.Principle, d.Seed.For("shown"))),
            .. drawn.Select(d => new ShownPair(d.Pair.Prompt, d.Pair.B, d.Pair.A, d.Principle, d.Seed.For("reversed"))),
        ];
        var opinions = await judge.JudgeAsync(asked, finished, cancel);
        return
        [
            .. drawn.Select((d, i) => new ModelComparison(d.Pair, d.Principle.Id, opinions[i], opinions[drawn.Length + i], judge.Name)),
        ];
    }
}
