namespace Attune.Core.Statistics.Comparisons;

/// <summary>Rankings and choices from sets as choices of a <see cref="ChoiceModel"/> (Luce 1959; Plackett 1975).</summary>
public static class Rankings
{
    /// <summary>A ranking is a choice of the best, then of the best of the rest, and so on.</summary>
    /// <param name="ranking">Items, best first; any subset of all items.</param>
    public static IEnumerable<Choice> Of(IReadOnlyList<int> ranking, double weight = 1) =>
        Enumerable.Range(0, Math.Max(0, ranking.Count - 1)).Select(place => Top(ranking[place], ranking.Skip(place + 1), weight));

    /// <summary>One item chosen before others.</summary>
    public static Choice Top(int winner, IEnumerable<int> losers, double weight = 1) =>
        new(0, [.. losers.Prepend(winner).Select(item => new (int, double)[] { (item, 1) })], weight);

    /// <summary>Plackett and Luce's strengths, with sum 0 where there is no prior.</summary>
    public static StrengthFit Fit(int items, IReadOnlyList<Choice> choices, double alpha = 0)
    {
        var found = ChoiceModel.Fit(items, choices, alpha);
        var last = ChoiceModel.Evaluate(choices, found.Parameters);
        var strengths = alpha == 0 ? BradleyTerry.Centred(found.Parameters) : found.Parameters;
        return new StrengthFit(strengths, last.Value, -last.Hessian, alpha, found.Converged);
    }
}
