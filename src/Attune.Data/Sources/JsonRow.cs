using System.Text.Json;

namespace Attune.Data.Sources;

/// <summary>A row of a data file.</summary>
/// <param name="Number">The line on which it begins, or its number in a table; counted from 1.</param>
/// <param name="Fields">An object.</param>
public readonly record struct JsonRow(int Number, JsonElement Fields, RowOrigin Origin);
