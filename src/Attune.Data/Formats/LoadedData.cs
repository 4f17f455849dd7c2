using System.Collections.Immutable;

namespace Attune.Data.Formats;

/// <summary>The content of a data file.</summary>
/// <param name="Dropped">Rows that are well formed but cannot be used, by reason.</param>
/// <param name="Notes">Further notes: fields that were not used, how a plain text was divided.</param>
/// <param name="Sha256">The hash of the file's bytes, lower-case hexadecimal.</param>
public sealed record LoadedData<T>(
    ImmutableArray<T> Items,
    ImmutableArray<DroppedRows> Dropped,
    ImmutableArray<string> Notes,
    string Sha256
);
