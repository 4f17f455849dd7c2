using System.Collections.Immutable;
using Attune.Core.Feedback;

namespace Attune.Core.Runs;

/// <summary>A frozen set of people's labels that a stage learned from, as the run's result names it.</summary>
/// <param name="Sha256">The snapshot's hash.</param>
/// <param name="Project">The project's name at the time.</param>
/// <param name="Annotators">People by pseudonym, with how many labels each gave.</param>
/// <param name="Folder">Where it lies, from the run folder, with forward slashes; a whole path where the two lie on different
/// drives.</param>
public sealed record LearnedSnapshot(
    string Sha256,
    string Project,
    Guid ProjectId,
    int Labels,
    ImmutableArray<SnapshotAnnotator> Annotators,
    string Folder
)
{
    public static LearnedSnapshot Of(SnapshotManifest manifest, string snapshotFolder, string runFolder) =>
        new(
            manifest.Sha256,
            manifest.Project,
            Guid.TryParse(manifest.ProjectId, out var project) ? project : Guid.Empty,
            manifest.Labels,
            manifest.Annotators,
            Path.GetRelativePath(Path.GetFullPath(runFolder), Path.GetFullPath(snapshotFolder)).Replace('\\', '/')
        );

    /// <summary>The address of its manifest for a page that lies in the run folder.</summary>
    public string ManifestLink()
    {
        var path = Folder.TrimEnd('/') + "/" + SnapshotManifest.FileName;
        return Path.IsPathFullyQualified(path) ? new Uri(path).AbsoluteUri : string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
    }
}
