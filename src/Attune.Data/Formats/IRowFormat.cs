using System.Collections.Immutable;
using System.Text.Json;

namespace Attune.Data.Formats;

/// <summary>Reads one kind of row as a record, and writes it back. Data files and the feedback store share the formats.</summary>
public interface IRowFormat<T>
{
    /// <summary>The kind it writes.</summary>
    DatasetKind Kind { get; }

    /// <summary>The kinds it reads.</summary>
    ImmutableArray<DatasetKind> Reads => [Kind];

    /// <summary>Whether fields that the kind does not know are kept in the record, instead of being errors.</summary>
    bool KeepsOtherFields => false;

    /// <summary>Reads a row. Check <see cref="RowFields.Failed"/> and <see cref="RowFields.DropReason"/> before using the record.</summary>
    T Read(RowFields row);

    /// <summary>Writes the record's fields, without its annotator, into an object that is open.</summary>
    /// <exception cref="ArgumentException">A text holds half a character, or a number is not finite.</exception>
    void Write(Utf8JsonWriter json, T item);
}
