using System.Collections.Immutable;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Projects;

/// <summary>
/// The same answers in another order are the same item: rows of chosen and rejected answers, for example, name the preferred one first, so
/// that two people who disagree give the same pair in two orders.
/// </summary>
internal static class AnswerOrders
{
    private const int MostPermuted = 4;

    /// <summary>Equal for items with the same answers in any order.</summary>
    public static string Key(ItemContent content, ProjectKind kind) =>
        Contents.HashOf(IsFree(kind) ? content with { Candidates = [.. content.Candidates.Order(ByText.Instance)] } : content);

    /// <summary>How the answers of one item lie in another one with an equal key.</summary>
    /// <returns>The other's position of each answer.</returns>
    public static ImmutableArray<int> Between(ItemContent from, ItemContent to)
    {
        var free = Enumerable.Range(0, to.Candidates.Length).ToList();
        return
        [
            .. from.Candidates.Select(c =>
            {
                var place = free.First(i => ByText.Instance.Compare(c, to.Candidates[i]) == 0);
                free.Remove(place);
                return place;
            }),
        ];
    }

    /// <summary>The content's hash with its answers in each order, its own first, and where each answer lies in that order.</summary>
    public static IEnumerable<(string Hash, ImmutableArray<int> Places)> Of(ItemContent content, ProjectKind kind)
    {
        var count = content.Candidates.Length;
        var orders =
            IsFree(kind) && count <= MostPermuted
                ? Permutations([.. Enumerable.Range(0, count)])
                :
                [
                    [.. Enumerable.Range(0, count)],
                ];
        foreach (var places in orders)
        {
            var candidates = new Candidate[count];
            foreach (var (i, place) in places.Index())
            {
                candidates[place] = content.Candidates[i];
            }
            yield return (Contents.HashOf(content with { Candidates = [.. candidates] }), places);
        }
    }

    /// <summary>The label as it is for an item whose answers lie so.</summary>
    public static ExistingLabel Turn(ExistingLabel label, ImmutableArray<int> places) =>
        IsOwn(places)
            ? label
            : label with
            {
                Judgement = new ShownOrder(places).ToItem(label.Judgement),
                Extras = SourceExtras.WithOrder(label.Extras, places),
            };

    public static bool IsOwn(ImmutableArray<int> places) => places.Index().All(p => p.Index == p.Item);

    private static bool IsFree(ProjectKind kind) => kind is ProjectKind.Comparison or ProjectKind.Ranking or ProjectKind.BestOf;

    private static IEnumerable<ImmutableArray<int>> Permutations(ImmutableArray<int> places) =>
        places.Length <= 1
            ? [places]
            : places.SelectMany(first => Permutations(places.Remove(first)).Select(rest => rest.Insert(0, first)));

    private sealed class ByText : IComparer<Candidate>
    {
        public static ByText Instance { get; } = new();

        public int Compare(Candidate? left, Candidate? right)
        {
            var text = string.CompareOrdinal(left!.Text, right!.Text);
            return text != 0 ? text : left.IsCut.CompareTo(right.IsCut);
        }
    }
}
