using System.Collections.Immutable;

namespace Attune.Reports.Sections;

/// <summary>A part of a text, and whether it is missing in the other text.</summary>
public readonly record struct TextSegment(string Text, bool Changed);

/// <summary>The difference of two texts, word by word (longest common subsequence).</summary>
public static class WordDifference
{
    // Quadratic in the number of words: longer texts are shown unmarked.
    private const int MostWords = 1500;

    /// <summary>Both texts in segments. Nothing is marked where the texts have too little in common.</summary>
    public static (ImmutableArray<TextSegment> Before, ImmutableArray<TextSegment> After) Between(string before, string after)
    {
        var (left, right) = (Words(before), Words(after));
        if (left.Length > MostWords || right.Length > MostWords)
        {
            return ([new(before, false)], [new(after, false)]);
        }

        var (keptLeft, keptRight) = CommonSubsequence.Of(
            left,
            right,
            (one, other) => one.AsSpan().Trim().SequenceEqual(other.AsSpan().Trim())
        );
        return keptLeft.Count(kept => kept) < 0.25 * Math.Max(left.Length, right.Length)
            ? ([new(before, false)], [new(after, false)])
            : (Runs(left, keptLeft), Runs(right, keptRight));
    }

    // A word with the white space that follows it, so that joining the words gives the text back.
    private static string[] Words(string text)
    {
        var words = new List<string>();
        var start = 0;
        while (start < text.Length)
        {
            var end = start;
            while (end < text.Length && !char.IsWhiteSpace(text[end]))
            {
                end++;
            }

            while (end < text.Length && char.IsWhiteSpace(text[end]))
            {
                end++;
            }

            words.Add(text[start..end]);
            start = end;
        }

        return [.. words];
    }

    private static ImmutableArray<TextSegment> Runs(string[] words, bool[] kept)
    {
        var runs = ImmutableArray.CreateBuilder<TextSegment>();
        var start = 0;
        while (start < words.Length)
        {
            var end = start + 1;
            while (end < words.Length && kept[end] == kept[start])
            {
                end++;
            }

            var text = string.Concat(words[start..end]);
            var marked = kept[start] ? text.Length : text.TrimEnd().Length;
            runs.Add(new TextSegment(text[..marked], !kept[start]));
            if (marked < text.Length)
            {
                runs.Add(new TextSegment(text[marked..], false));
            }

            start = end;
        }

        return runs.ToImmutable();
    }
}
