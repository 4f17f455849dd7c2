using System.Collections.Immutable;
using Attune.Core.Feedback;

namespace Attune.Data.Cleaning;

/// <summary>Converts other labels to pairs and verdicts.</summary>
public static class PairsOf
{
    public const string Tie = "a tie: both answers have the same rank";

    /// <summary>The best against each of the rest.</summary>
    public static IEnumerable<Preference> Choices(IEnumerable<Choice> choices) =>
        choices.SelectMany(c => Enumerable.Range(0, c.Answers.Length).Where(i => i != c.Best).Select(i => Pair(c, c.Answers, c.Best, i)));

    /// <summary>All ordered pairs; ties are counted.</summary>
    public static (ImmutableArray<Preference> Pairs, ImmutableArray<DroppedRows> Dropped) Rankings(IEnumerable<Ranking> rankings)
    {
        var pairs = ImmutableArray.CreateBuilder<Preference>();
        List<string> ties = [];
        foreach (var ranking in rankings)
        {
            for (var i = 0; i < ranking.Ranks.Length; i++)
            {
                for (var j = i + 1; j < ranking.Ranks.Length; j++)
                {
                    if (ranking.Ranks[i] == ranking.Ranks[j])
                    {
                        ties.Add(Tie);
                        continue;
                    }

                    var (better, worse) = ranking.Ranks[i] < ranking.Ranks[j] ? (i, j) : (j, i);
                    pairs.Add(Pair(ranking, ranking.Answers, better, worse));
                }
            }
        }

        return (pairs.ToImmutable(), DroppedRows.Of(ties));
    }

    /// <summary>Chosen answers as desirable ones, rejected as undesirable.</summary>
    public static IEnumerable<Verdict> Verdicts(IEnumerable<Preference> pairs) =>
        pairs.SelectMany(p =>
            new[]
            {
                new Verdict(p.Prompt, p.Chosen, true) { Annotator = p.Annotator, Cut = p.Cut.Select(0) },
                new Verdict(p.Prompt, p.Rejected, false) { Annotator = p.Annotator, Cut = p.Cut.Select(1) },
            }
        );

    private static Preference Pair(Label label, ImmutableArray<string> answers, int better, int worse) =>
        new(label.Prompt, answers[better], answers[worse]) { Annotator = label.Annotator, Cut = label.Cut.Select(better, worse) };
}
