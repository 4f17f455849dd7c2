using System.Collections.Immutable;

namespace Attune.Data.Sources;

/// <summary>The rows of one or more files.</summary>
/// <param name="Sha256">The hash of the stored file, lower-case hexadecimal; of several files, that of their hashes.</param>
/// <param name="Notes">What a reader should know: files and columns that were passed over, how texts were divided.</param>
public sealed record SourceRows(IReadOnlyList<JsonRow> Rows, string Sha256, ImmutableArray<string> Notes);
