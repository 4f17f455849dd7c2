using System.Collections.Immutable;

namespace Attune.Data.Formats;

/// <summary>
/// A way in which published data sets lay out their columns, where it is not one of Attune's own kinds of rows. One row may give several
/// records, and a file several kinds of them.
/// </summary>
internal interface IRowLayout
{
    /// <summary>How to read a file with such columns; null where they are not this layout's.</summary>
    LaidOut? Fit(ColumnSample columns);
}

/// <summary>A layout as a file has it.</summary>
/// <param name="Name">Its name and main columns, for notes.</param>
/// <param name="Kinds">What the file gives, what it was made for first.</param>
/// <param name="Columns">The columns that are read; others are metadata.</param>
/// <param name="Read">Reads a row as records of one of the kinds, under the same rules as <see cref="IRowFormat{T}.Read"/>.</param>
internal sealed record LaidOut(
    string Name,
    ImmutableArray<DatasetKind> Kinds,
    ImmutableArray<string> Columns,
    Func<RowFields, DatasetKind, IEnumerable<object>> Read
);
