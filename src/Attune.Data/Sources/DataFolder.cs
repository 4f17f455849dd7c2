using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Attune.Core;

namespace Attune.Data.Sources;

/// <summary>
/// Folders of data files, with their subfolders: all files of one kind, in the order of their names. Of files that are named after splits,
/// as published data sets have them (<c>train-00000-of-00003.parquet</c>), those of one split.
/// </summary>
internal static partial class DataFolder
{
    private static readonly EnumerationOptions Deep = new()
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = 8,
        AttributesToSkip = FileAttributes.Hidden,
        IgnoreInaccessible = true,
    };

    /// <exception cref="DataException">There are no data files, files of several kinds, or several splits without train.</exception>
    public static DataFiles Files(string folder)
    {
        var files = DataFilesOf(Directory.EnumerateFiles(folder, "*", Deep), folder);
        var parts = files.ToLookup(f => SplitOf(folder, f), StringComparer.Ordinal);
        ImmutableArray<string> splits = [.. parts.Select(p => p.Key).OfType<string>().Order(StringComparer.Ordinal)];
        if (splits.IsEmpty || parts[null!].Any())
        {
            return new DataFiles(files, []);
        }

        var (split, notes) = DataSplit.Choose(folder, splits, s => Pattern(parts[s].First(), s));
        return new DataFiles([.. parts[split]], notes);
    }

    /// <exception cref="DataException">Nothing fits.</exception>
    public static DataFiles Matching(string pattern)
    {
        var folder = Path.GetDirectoryName(pattern) is { Length: > 0 } given ? given : ".";
        if (!Directory.Exists(folder))
        {
            throw new DataException($"{pattern}: no folder {folder}.");
        }

        return new DataFiles(DataFilesOf(Directory.EnumerateFiles(folder, Path.GetFileName(pattern)), pattern), []);
    }

    private static ImmutableArray<string> DataFilesOf(IEnumerable<string> files, string name)
    {
        ImmutableArray<string> found =
        [
            .. files.Where(f => DataFileKinds.OfName(f) is not null && !About().IsMatch(Path.GetFileName(f))).Order(StringComparer.Ordinal),
        ];
        if (found.IsEmpty)
        {
            throw new DataException(
                $"{name} holds no data files; expected files that end in .jsonl, .json, .csv, .tsv, .parquet, .arrow or .txt "
                    + "(also with .gz or .zst)."
            );
        }

        ImmutableArray<DataFileKind> kinds = [.. found.Select(f => DataFileKinds.OfName(f)!.Value).Distinct()];
        return kinds.Length == 1
            ? found
            : throw new DataException(
                $"{name} holds files of several kinds ({string.Join(", ", kinds)}), which may be copies of each other; name a file, "
                    + $"or those of one kind: {Path.Combine(Path.GetDirectoryName(found[0])!, "*" + Path.GetExtension(found[0]))}"
            );
    }

    /// <summary>The split that a file's name begins with, or that one of its folders is named after; null for none.</summary>
    private static string? SplitOf(string folder, string file)
    {
        var stem = Shard().Replace(Path.GetFileNameWithoutExtension(DataBytes.Unpacked(file)), "");
        var names = Path.GetRelativePath(folder, file).Split(Path.DirectorySeparatorChar)[..^1].Reverse().Prepend(stem);
        return names.FirstOrDefault(DataSplit.Names);
    }

    private static string Pattern(string file, string split) =>
        Path.GetFileName(file).StartsWith(split, StringComparison.Ordinal)
            ? Path.Combine(Path.GetDirectoryName(file)!, split + "*" + Path.GetExtension(file))
            : Path.GetDirectoryName(file)!;

    /// <summary>Files about the data, and those of save_to_disk that hold none.</summary>
    [GeneratedRegex(
        @"^(README|LICENSE|LICENCE|NOTICE|CITATION|dataset_infos?\.json|state\.json|dataset_dict\.json|\.)",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex About();

    /// <summary>Which of several files of a split it is: -00000-of-00003, or a number.</summary>
    [GeneratedRegex(@"[-_.]?\d+([-_]of[-_]\d+)?([-_][0-9a-f]{8,})?$")]
    private static partial Regex Shard();
}
