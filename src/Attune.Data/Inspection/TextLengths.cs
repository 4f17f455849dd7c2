using System.Collections.Immutable;

namespace Attune.Data.Inspection;

/// <summary>How long the texts of a field are.</summary>
/// <param name="Name">The field.</param>
/// <param name="NinetyPercent">The least length that nine of ten texts do not exceed.</param>
public sealed record TextLengths(string Name, int Count, int Shortest, int Median, int NinetyPercent, int Longest)
{
    public static TextLengths Of(string name, IEnumerable<int> lengths)
    {
        ImmutableArray<int> sorted = [.. lengths.Order()];
        int At(double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
        return new TextLengths(name, sorted.Length, sorted[0], At(0.5), At(0.9), sorted[^1]);
    }
}
