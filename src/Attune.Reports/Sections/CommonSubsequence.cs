namespace Attune.Reports.Sections;

/// <summary>What two sequences have in common, in order.</summary>
public static class CommonSubsequence
{
    /// <summary>The longest common subsequence: for each element, whether it is kept. Quadratic in the lengths.</summary>
    public static (bool[] Left, bool[] Right) Of(string[] left, string[] right, Func<string, string, bool> same)
    {
        var length = new int[left.Length + 1, right.Length + 1];
        for (var row = left.Length - 1; row >= 0; row--)
        {
            for (var column = right.Length - 1; column >= 0; column--)
            {
                length[row, column] = same(left[row], right[column])
                    ? length[row + 1, column + 1] + 1
                    : Math.Max(length[row + 1, column], length[row, column + 1]);
            }
        }

        var (keptLeft, keptRight) = (new bool[left.Length], new bool[right.Length]);
        var (i, j) = (0, 0);
        while (i < left.Length && j < right.Length)
        {
            if (same(left[i], right[j]))
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
}
