using System.Collections.Immutable;

namespace Attune.Data;

/// <summary>Rows that were left out, and why.</summary>
/// <param name="Reason">Completes the sentence "left out because ...".</param>
public sealed record DroppedRows(string Reason, int Count)
{
    public override string ToString() => $"{Count} left out: {Reason}";

    /// <summary>The reason as a metric's name.</summary>
    public string MetricName =>
        "left_out/"
        + string.Join(
                '_',
                Reason.Split([.. Reason.Where(c => !char.IsAsciiLetterOrDigit(c)).Distinct()], StringSplitOptions.RemoveEmptyEntries)
            )
            .ToLowerInvariant();

    /// <summary>Counts equal reasons.</summary>
    public static ImmutableArray<DroppedRows> Of(IEnumerable<string> reasons) =>
        [.. reasons.GroupBy(r => r, StringComparer.Ordinal).Select(g => new DroppedRows(g.Key, g.Count()))];
}
