using System.Collections.Immutable;
using Attune.Core.Conversations;

namespace Attune.Data.Encoding;

/// <summary>Steps of a solution as one text, and back: the separator stands between two steps and belongs to the first.</summary>
public static class StepText
{
    /// <summary>The text of the steps, and where each lies in it, the separator after it included.</summary>
    public static (string Text, ImmutableArray<TextSpan> Spans) Join(IReadOnlyList<string> steps, string separator)
    {
        var spans = ImmutableArray.CreateBuilder<TextSpan>(steps.Count);
        var at = 0;
        for (var i = 0; i < steps.Count; i++)
        {
            var length = CodePoints.Count(steps[i]) + (i < steps.Count - 1 ? CodePoints.Count(separator) : 0);
            spans.Add(new TextSpan(at, at + length));
            at += length;
        }

        return (string.Join(separator, steps), spans.MoveToImmutable());
    }

    /// <summary>The steps of an answer. White space between two separators is no step; it belongs to the step before.</summary>
    /// <returns>Together all of the text; empty where it has nothing but white space.</returns>
    public static ImmutableArray<TextSpan> Split(string text, string separator)
    {
        var spans = ImmutableArray.CreateBuilder<TextSpan>();
        var (start, at) = (0, 0);
        foreach (var piece in text.Split(separator))
        {
            var end = Math.Min(text.Length, at + piece.Length + separator.Length);
            if (!string.IsNullOrWhiteSpace(piece))
            {
                spans.Add(new TextSpan(start, end));
                start = end;
            }
            else if (spans.Count > 0)
            {
                spans[^1] = spans[^1] with { End = end };
                start = end;
            }

            at = end;
        }

        return [.. spans.Select(s => new TextSpan(CodePoints.OfUnits(text, s.Start), CodePoints.OfUnits(text, s.End)))];
    }
}
