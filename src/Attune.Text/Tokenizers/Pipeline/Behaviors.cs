using System.Text.Json.Nodes;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>What becomes of the places where a text is split.</summary>
internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

internal static class Behaviors
{
    public static SplitBehavior Read(JsonObject part, PartReader reader) =>
        Enum.TryParse<SplitBehavior>(reader.Text(part, "behavior"), out var behavior) && Enum.IsDefined(behavior)
            ? behavior
            : throw reader.Wrong(
                $"the behavior '{reader.Text(part, "behavior")}' is not known; expected one of "
                    + $"{string.Join(", ", Enum.GetNames<SplitBehavior>())}."
            );

    /// <param name="cuts">The whole text in order.</param>
    public static IEnumerable<TextPiece> Apply(
        TextPiece piece,
        IReadOnlyList<(int Start, int Length, bool Matches)> cuts,
        SplitBehavior behavior
    )
    {
        foreach (var (start, length) in behavior == SplitBehavior.MergedWithNext ? WithNext(cuts) : Ranges(cuts, behavior))
        {
            // Only what stands where the piece stood keeps its place.
            yield return new TextPiece(piece.Aligned.Slice(start, length), start == 0 ? piece.Place : TextPlace.Inside);
        }
    }

    private static List<(int Start, int Length)> Ranges(IReadOnlyList<(int Start, int Length, bool Matches)> cuts, SplitBehavior behavior)
    {
        var merged = new List<(int Start, int Length)>(cuts.Count);
        for (var i = 0; i < cuts.Count; i++)
        {
            var (start, length, matches) = cuts[i];
            var joins =
                i > 0
                && behavior switch
                {
                    SplitBehavior.MergedWithPrevious => matches && !cuts[i - 1].Matches,
                    SplitBehavior.Contiguous => matches == cuts[i - 1].Matches,
                    _ => false,
                };
            if (joins)
            {
                merged[^1] = (merged[^1].Start, merged[^1].Length + length);
            }
            else if (behavior != SplitBehavior.Removed || !matches)
            {
                merged.Add((start, length));
            }
        }

        return merged;
    }

    private static List<(int Start, int Length)> WithNext(IReadOnlyList<(int Start, int Length, bool Matches)> cuts)
    {
        var merged = new List<(int Start, int Length)>(cuts.Count);
        for (var i = cuts.Count - 1; i >= 0; i--)
        {
            var (start, length, matches) = cuts[i];
            if (matches && i + 1 < cuts.Count && !cuts[i + 1].Matches)
            {
                merged[^1] = (start, merged[^1].Length + length);
            }
            else
            {
                merged.Add((start, length));
            }
        }

        merged.Reverse();
        return merged;
    }
}
