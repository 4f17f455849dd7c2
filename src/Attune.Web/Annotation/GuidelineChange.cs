using System.Collections.Immutable;
using Attune.Reports.Sections;

namespace Attune.Web.Annotation;

/// <summary>One change of the guidelines: the line as it was and as it is, with the words that differ marked.</summary>
/// <param name="Before">Empty for a new line.</param>
/// <param name="After">Empty for a removed line.</param>
public sealed record GuidelineChange(ImmutableArray<TextSegment> Before, ImmutableArray<TextSegment> After)
{
    // Quadratic in the number of lines that differ.
    private const int MostLines = 2000;

    /// <summary>
    /// The changes from one version to another, line by line, in order; blank lines and white space at line ends do not count.
    /// </summary>
    public static ImmutableArray<GuidelineChange> Between(string before, string after)
    {
        var (left, right) = (Lines(before), Lines(after));
        var start = left.Zip(right).TakeWhile(p => p.First == p.Second).Count();
        (left, right) = (left[start..], right[start..]);
        var end = Enumerable.Reverse(left).Zip(Enumerable.Reverse(right)).TakeWhile(p => p.First == p.Second).Count();
        (left, right) = (left[..^end], right[..^end]);
        var (keptLeft, keptRight) =
            Math.Max(left.Length, right.Length) > MostLines
                ? (new bool[left.Length], new bool[right.Length])
                : CommonSubsequence.Of(left, right, string.Equals);
        var changes = ImmutableArray.CreateBuilder<GuidelineChange>();
        var (i, j) = (0, 0);
        while (i < left.Length || j < right.Length)
        {
            var (removed, added) = (Run(left, keptLeft, i), Run(right, keptRight, j));
            changes.AddRange(Pairs(removed, added));
            // Past the changed lines, and one line that both have.
            (i, j) = (i + removed.Length + 1, j + added.Length + 1);
        }

        return changes.ToImmutable();
    }

    private static string[] Lines(string text) =>
        [.. text.ReplaceLineEndings("\n").Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0)];

    private static string[] Run(string[] lines, bool[] kept, int from) =>
        from >= lines.Length ? [] : [.. lines[from..].TakeWhile((_, i) => !kept[from + i])];

    private static IEnumerable<GuidelineChange> Pairs(string[] removed, string[] added)
    {
        for (var n = 0; n < Math.Max(removed.Length, added.Length); n++)
        {
            if (n < removed.Length && n < added.Length)
            {
                var (before, after) = WordDifference.Between(removed[n], added[n]);
                yield return before.Any(s => s.Changed) || after.Any(s => s.Changed)
                    ? new GuidelineChange(before, after)
                    : new GuidelineChange([new(removed[n], true)], [new(added[n], true)]);
            }
            else
            {
                yield return n < removed.Length
                    ? new GuidelineChange([new(removed[n], true)], [])
                    : new GuidelineChange([], [new(added[n], true)]);
            }
        }
    }
}
