using System.Collections;
using System.Collections.Immutable;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Recipes.Running;
using Attune.Recipes.Stages;

namespace Attune.Recipes;

/// <summary>
/// Whose labels a stage learns from: the snapshots that its data files belong to, and what is known of the models it starts from. Found in
/// the stage's own options, whatever stage it is, and in what was handed to it.
/// </summary>
internal sealed class StageProvenance
{
    private readonly string _stage;
    private readonly Artifacts _before;
    private readonly List<(string Folder, SnapshotManifest Manifest)> _snapshots = [];
    private readonly Provenance _parents;

    private StageProvenance(string name, Stage stage, Artifacts before)
    {
        (_stage, _before) = (name, before);
        string[] places =
        [
            .. Texts(stage)
                .Except(stage.OnlyMeasuresWith)
                .Concat(stage.LearnsFrom(before))
                .OfType<string>()
                .Distinct(StringComparer.Ordinal),
        ];
        AddSnapshots(places);
        _parents = places.Where(Directory.Exists).Aggregate(Provenance.None, (known, folder) => known.With(Provenance.OfModel(folder)));
    }

    /// <summary>Looks before the stage runs.</summary>
    /// <exception cref="Core.DataException">A data file belongs to a snapshot, but is not what was frozen.</exception>
    public static StageProvenance Of(string name, Stage stage, Artifacts before) => new(name, stage, before);

    /// <summary>The snapshots for the run's result; null where there are none.</summary>
    public ImmutableArray<LearnedSnapshot>? Learned(string run) =>
        _snapshots.Count == 0 ? null : [.. _snapshots.Select(s => LearnedSnapshot.Of(s.Manifest, s.Folder, run))];

    /// <summary>One line for the screen about each snapshot.</summary>
    public IEnumerable<string> Notes() =>
        _snapshots.Select(s =>
            $"learns from the snapshot {s.Manifest.Sha256[..12]} of project '{s.Manifest.Project}': {s.Manifest.Labels} labels "
            + $"of {s.Manifest.Annotators.Length} people ({s.Folder})"
        );

    private void AddSnapshots(IEnumerable<string?> files)
    {
        foreach (var file in files.OfType<string>().Where(File.Exists))
        {
            if (SnapshotManifest.Of(file) is { } manifest && _snapshots.All(s => s.Manifest.Sha256 != manifest.Sha256))
            {
                _snapshots.Add((Path.GetDirectoryName(Path.GetFullPath(file))!, manifest));
            }
        }
    }

    /// <summary>Writes what is known into the models that the stage made, and notes the run beside each snapshot.</summary>
    public void Record(string run, Artifacts after)
    {
        string[] made =
        [
            .. new[] { (_before.Policy, after.Policy), (_before.Reward, after.Reward), (_before.SpanModels, after.SpanModels) }
                .Where(m => m.Item2 is not null && m.Item2 != m.Item1)
                .Select(m => m.Item2!),
        ];
        // A stage that asks while it learns hands over what it was told.
        AddSnapshots(new[] { after.Preferences, after.HeldOutPreferences }.Except([_before.Preferences, _before.HeldOutPreferences]));
        foreach (var model in made)
        {
            _snapshots.Aggregate(_parents, (known, s) => known.With(Provenance.OfSnapshot(s.Manifest, _stage))).Write(model);
            foreach (var (folder, manifest) in _snapshots)
            {
                Provenance.NoteUse(folder, new SnapshotUse(manifest.Sha256, Path.GetFullPath(run), _stage, Path.GetFullPath(model)));
            }
        }
    }

    /// <summary>Every text among a record's options: those that a recipe can set.</summary>
    private static IEnumerable<string> Texts(object? value) =>
        value switch
        {
            null => [],
            string text => [text],
            IDictionary map => map.Values.Cast<object?>().SelectMany(Texts),
            IEnumerable list and not ValueType => list.Cast<object?>().SelectMany(Texts),
            // An ImmutableArray, which may be unset.
            IList { IsFixedSize: true } and IStructuralEquatable array when !array.Equals(Activator.CreateInstance(value.GetType())) => (
                (IEnumerable)array
            )
                .Cast<object?>()
                .SelectMany(Texts),
            _ when value.GetType() is { IsClass: true } type
                    && type.Assembly.GetName().Name!.StartsWith("Attune.", StringComparison.Ordinal) => type.GetProperties()
                .Where(p => p.CanWrite && p.GetIndexParameters().Length == 0)
                .SelectMany(p => Texts(p.GetValue(value))),
            _ => [],
        };
}
