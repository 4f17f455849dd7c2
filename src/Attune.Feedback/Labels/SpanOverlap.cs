using System.Collections.Immutable;
using Attune.Core.Feedback;

namespace Attune.Feedback.Labels;

/// <summary>How well two people's spans agree: F1 over the marked code points, types included.</summary>
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
