using System.Collections.Immutable;

namespace Attune.Feedback.Labels;

/// <summary>What was left out of an import or an export for one reason.</summary>
/// <param name="Reason">Completes the sentence "left out: ...".</param>
/// <param name="Places">The first places, such as "line 3"; empty where there is none to name.</param>
public sealed record LeftOut(string Reason, int Count, ImmutableArray<string> Places)
{
    private const int Named = 5;

    /// <summary>Counts equal reasons, in the order in which they first came.</summary>
    public static ImmutableArray<LeftOut> Of(IEnumerable<(string Reason, string? Place)> parts) =>
        [
            .. parts
                .GroupBy(p => p.Reason, StringComparer.Ordinal)
                .Select(g => new LeftOut(g.Key, g.Count(), [.. g.Select(p => p.Place).OfType<string>().Distinct().Take(Named)])),
        ];

    public override string ToString()
    {
        var places = Places.IsEmpty ? "" : $" ({string.Join(", ", Places)}{(Count > Places.Length ? ", ..." : "")})";
        return $"{Count} left out: {Reason}{places}";
    }

    public bool Equals(LeftOut? other) =>
        other is not null && Reason == other.Reason && Count == other.Count && Places.SequenceEqual(other.Places);

    public override int GetHashCode() => HashCode.Combine(Reason, Count);
}
