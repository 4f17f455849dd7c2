using System.Collections.Immutable;

namespace Attune.Data.Encoding;

/// <summary>Rows as tokens.</summary>
/// <param name="Sources">For each item, the index of the row it came from.</param>
/// <param name="Dropped">Rows left out, by reason.</param>
/// <param name="Truncated">Rows whose prompt was cut, as the policy allowed.</param>
public sealed record EncodedData<T>(
    ImmutableArray<T> Items,
    ImmutableArray<int> Sources,
    ImmutableArray<DroppedRows> Dropped,
    int Truncated
)
{
    /// <summary>Rows that hold what is spelt like a special token, and is read as plain text.</summary>
    public int Spelt { get; init; }
}
