using System.Collections.Immutable;
using Attune.Core;

namespace Attune.Data.Sources;

/// <summary>The files that a name stands for.</summary>
/// <param name="Notes">Files of a folder that are not read.</param>
internal sealed record DataFiles(ImmutableArray<string> Paths, ImmutableArray<string> Notes)
{
    /// <summary>A file, standard input, the files that fit a pattern (<c>data/train-*.parquet</c>), or the files of a folder.</summary>
    /// <exception cref="DataException">The folder or pattern has no data files, or files that do not belong together.</exception>
    public static DataFiles Of(string path)
    {
        if (Directory.Exists(path))
        {
            return SavedDataset.Fits(path) ? SavedDataset.Files(path) : DataFolder.Files(path);
        }

        if (path.Contains('*', StringComparison.Ordinal) && !File.Exists(path))
        {
            return DataFolder.Matching(path);
        }

        return new DataFiles([path], []);
    }
}
