using Attune.Core;

namespace Attune.Data.Formats;

/// <summary>Names that differ from a known one by a single edit. Short names are left alone: too many words lie next to them.</summary>
internal static class Misspelling
{
    private const int Shortest = 4;

    /// <summary>The known name that was probably meant, of those that are missing; null for none.</summary>
    public static string? Of(string name, IEnumerable<string> known, Func<string, bool> has) =>
        known.FirstOrDefault(k => k.Length >= Shortest && k != name && Suggestion.Distance(name, k) <= 1 && !has(k));
}
