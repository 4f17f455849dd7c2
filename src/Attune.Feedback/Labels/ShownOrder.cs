using System.Collections.Immutable;
using Attune.Core.Feedback;
using Attune.Core.Runs;

namespace Attune.Feedback.Labels;

/// <summary>Converts between the order in which answers were shown and the order of the item.</summary>
/// <param name="Places">The item's position of each answer shown: <c>Places[0]</c> stands first on the screen.</param>
internal sealed record ShownOrder(ImmutableArray<int> Places)
{
    public static ShownOrder Of(Seed seed, int count, bool shuffled) =>
        new([.. shuffled ? seed.For("shown").Rng().Permutation(count) : Enumerable.Range(0, count)]);

    /// <summary>Positions shown become positions of the item.</summary>
    public Judgement ToItem(Judgement judgement) => Map(judgement, shown => Places[shown], (values, item) => values[Places.IndexOf(item)]);

    /// <summary>Positions of the item become positions shown.</summary>
    public Judgement ToShown(Judgement judgement) => Map(judgement, item => Places.IndexOf(item), (values, shown) => values[Places[shown]]);

    private Judgement Map(Judgement judgement, Func<int, int> position, Func<ImmutableArray<int>, int, int> value) =>
        judgement switch
        {
            ComparisonJudgement comparison => position(0) == 0 ? comparison : Swap(comparison),
            RankingJudgement ranking => ranking with
            {
                Ranks = [.. Enumerable.Range(0, ranking.Ranks.Length).Select(i => value(ranking.Ranks, i))],
            },
            ChoiceJudgement { Best: { } best } choice => choice with { Best = position(best) },
            _ => judgement,
        };

    private static ComparisonJudgement Swap(ComparisonJudgement comparison) =>
        comparison with
        {
            Pick = comparison.Pick switch
            {
                Pick.First => Pick.Second,
                Pick.Second => Pick.First,
                var same => same,
            },
            Strength = comparison.Strength is { } level ? Strength.Swap(level) : null,
        };
}
