using System.Collections.Immutable;
using System.Text.Json;

namespace Attune.Data.Formats;

/// <summary>How one kind of row becomes a record of ours, and back.</summary>
internal interface IRowFormat<T>
{
    /// <summary>The kind it writes.</summary>
    DatasetKind Kind { get; }

    /// <summary>The kinds it reads.</summary>
    ImmutableArray<DatasetKind> Reads => [Kind];

    /// <summary>The record; meaningless where the row has failed or was dropped.</summary>
    T Read(RowFields row);

    void Write(Utf8JsonWriter json, T item);
}
