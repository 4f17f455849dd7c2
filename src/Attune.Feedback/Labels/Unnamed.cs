using System.Globalization;

namespace Attune.Feedback.Labels;

/// <summary>
/// Authors of labels whose source does not name them. Of several such labels of one item each has its own, so that none is lost; of two
/// items it is not known whether the authors are the same.
/// </summary>
internal static class Unnamed
{
    private const string First = "unknown";

    /// <param name="number">Counted from 1, within an item.</param>
    public static string Name(int number) => number == 1 ? First : string.Create(CultureInfo.InvariantCulture, $"{First}-{number}");

    /// <summary>Whether a name says that the author is not known.</summary>
    public static bool Is(string? name) =>
        name is null
        || name == First
        || (
            name.StartsWith(First + "-", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(First.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _)
        );
}
