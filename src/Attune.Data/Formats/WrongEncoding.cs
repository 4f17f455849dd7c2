using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Attune.Data.Formats;

/// <summary>
/// Text that was UTF-8 and was read as Latin-1 or Windows-1252 before it was written into the file: "Ã©" stands for "é", and "â€™" for an
/// apostrophe.
/// </summary>
internal static partial class WrongEncoding
{
    /// <summary>A note where there are such rows; null where there are none.</summary>
    public static string? Note<T>(ImmutableArray<T> items)
    {
        string[] found = [.. items.Select(i => RowTexts.Of(i!).All.Select(Of).FirstOrDefault(f => f is not null)).OfType<string>()];
        return found.Length == 0
            ? null
            : $"{found.Length} rows hold what looks like UTF-8 that was read in another encoding, such as '{found[0]}'; they are used as "
                + "they stand. Decode the source as UTF-8 and write the file again.";
    }

    private static string? Of(string text) =>
        text.AsSpan().ContainsAny("ÃÂâ") && Pairs().Match(text) is { Success: true } match ? match.Value : null;

    // The two bytes of a letter of Latin-1, or the first two of three of a mark of punctuation, and what follows them.
    [GeneratedRegex(
        "Ã[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2026\u2030\u2039\u203a\u20ac\u2122]"
            + "|Â[\u00a0-\u00bf]|â€[\u0080-\u00bf\u0153\u0161\u02dc\u017e\u2018-\u201e\u2122]"
    )]
    private static partial Regex Pairs();
}
