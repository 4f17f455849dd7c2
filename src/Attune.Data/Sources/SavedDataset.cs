using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core;

namespace Attune.Data.Sources;

/// <summary>
/// Folders that Hugging Face's datasets writes with <c>save_to_disk</c>: Arrow files in the order that <c>state.json</c> gives, or one such
/// folder for each split, which <c>dataset_dict.json</c> lists.
/// </summary>
internal static class SavedDataset
{
    private const string State = "state.json";
    private const string Dictionary = "dataset_dict.json";

    public static bool Fits(string folder) => File.Exists(Path.Combine(folder, State)) || File.Exists(Path.Combine(folder, Dictionary));

    public static DataFiles Files(string folder)
    {
        if (File.Exists(Path.Combine(folder, State)))
        {
            return new DataFiles([.. Names(folder, State, "_data_files", "filename").Select(f => Path.Combine(folder, f))], []);
        }

        var splits = Names(folder, Dictionary, "splits", null);
        var (split, others) = DataSplit.Choose(folder, [.. splits.Order(StringComparer.Ordinal)], s => Path.Combine(folder, s));
        return Files(Path.Combine(folder, split)) with { Notes = others };
    }

    private static ImmutableArray<string> Names(string folder, string file, string list, string? field)
    {
        var path = Path.Combine(folder, file);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            ImmutableArray<string> names =
            [
                .. document
                    .RootElement.GetProperty(list)
                    .EnumerateArray()
                    .Select(e => Path.GetFileName((field is null ? e : e.GetProperty(field)).GetString()!)),
            ];
            return names.IsEmpty ? throw new DataException($"{path}: \"{list}\" is empty; expected at least one name.") : names;
        }
        catch (Exception problem)
            when (problem is JsonException or KeyNotFoundException or InvalidOperationException or IOException or ArgumentNullException)
        {
            throw new DataException($"{path}: expected a list \"{list}\", as save_to_disk writes it; the folder may be damaged.");
        }
    }
}
