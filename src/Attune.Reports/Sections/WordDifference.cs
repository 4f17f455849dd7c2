using System.Collections.Immutable;

namespace Attune.Reports.Sections;

/// <summary>A part of a text, and whether it is missing in the other text.</summary>
internal readonly record struct TextSegment(string Text, bool Changed);

/// <summary>The difference of two texts, word by word (longest common subsequence).</summary>
internal static class WordDifference
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

        var (keptLeft, keptRight) = Common(left, right);
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

    private static (bool[] Left, bool[] Right) Common(string[] left, string[] right)
    {
        var length = new int[left.Length + 1, right.Length + 1];
        bool Same(int row, int column) => left[row].AsSpan().Trim().SequenceEqual(right[column].AsSpan().Trim());
        for (var row = left.Length - 1; row >= 0; row--)
        {
            for (var column = right.Length - 1; column >= 0; column--)
            {
                length[row, column] = Same(row, column)
                    ? length[row + 1, column + 1] + 1
                    : Math.Max(length[row + 1, column], length[row, column + 1]);
            }
        }

        var (keptLeft, keptRight) = (new bool[left.Length], new bool[right.Length]);
        var (i, j) = (0, 0);
        while (i < left.Length && j < right.Length)
        {
            if (Same(i, j))
            {
                keptLeft[i++] = keptRight[j++] = true;
            }
            else if (length[i + 1, j] >= length[i, j + 1])
            {
                i++;
            }
            else
            {
                j++;
            }
        }

        return (keptLeft, keptRight);
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
