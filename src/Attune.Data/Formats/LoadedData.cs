using System.Collections.Immutable;

namespace Attune.Data.Formats;

/// <summary>What a data file held.</summary>
/// <param name="Dropped">Rows that are well formed but cannot be used, by reason.</param>
/// <param name="Notes">What else a reader should know: which fields were not used, how a plain text was cut.</param>
/// <param name="Sha256">Of the file's bytes, lower-case hexadecimal.</param>
public sealed record LoadedData<T>(
    ImmutableArray<T> Items,
    ImmutableArray<DroppedRows> Dropped,
    ImmutableArray<string> Notes,
    string Sha256
);
