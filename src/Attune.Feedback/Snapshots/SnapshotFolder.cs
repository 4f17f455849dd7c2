using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Data.Order;
using Attune.Data.Sources;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Snapshots;

/// <summary>The files of a snapshot.</summary>
internal static class SnapshotFolder
{
    private const string LabelFile = "labels.jsonl";

    /// <summary>Writes train.jsonl, held-out.jsonl and labels.jsonl, all read-only; files without rows are left out.</summary>
    public static ImmutableArray<SnapshotFile> Write(string folder, ImmutableArray<SnapshotLabel> labels, SnapshotOptions options)
    {
        Directory.CreateDirectory(folder);
        var split = Split.ByKey(labels, l => l.Label.Prompt.Key, options.HeldOut, new Seed(options.Seed));
        var files = ImmutableArray.CreateBuilder<SnapshotFile>();
        foreach (var (name, side) in new[] { ("train.jsonl", split.Training), ("held-out.jsonl", split.HeldOut) })
        {
            if (side.IsEmpty)
            {
                continue;
            }
            var rows = TrainingRows.Write(
                Path.Combine(folder, name),
                side.Select(l => options.WithoutMargin && l.Label is Preference pair ? pair with { Margin = null } : l.Label)
            );
            files.Add(Freeze(folder, name, rows));
        }

        RowFile.Write(Path.Combine(folder, LabelFile), [.. labels.Select(Row)]);
        files.Add(Freeze(folder, LabelFile, labels.Length));
        return files.ToImmutable();
    }

    /// <summary>Deletes a snapshot that could not be registered.</summary>
    public static void Delete(string folder, SnapshotManifest manifest)
    {
        var names = manifest.Files.Select(f => f.Name).Append(SnapshotManifest.FileName);
        foreach (var file in names.Select(f => Path.Combine(folder, f)).Where(File.Exists))
        {
            File.SetAttributes(file, FileAttributes.Normal);
            File.Delete(file);
        }

        Directory.Delete(folder);
    }

    /// <summary>A line of labels.jsonl: how a label came about.</summary>
    private static byte[] Row(SnapshotLabel label) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                id = label.Id,
                task = label.Task,
                annotator = label.Annotator,
                prompt = label.Label.Prompt,
                judgement = label.Judgement,
                shown_order = label.Standing?.Order,
                guideline_version = label.Guideline?.Number,
                ui_version = label.Standing?.UiVersion,
                surplus = label.Standing?.Surplus,
                at = label.Standing?.At,
                active_ms = label.Standing?.ActiveMs,
                decided_because = label.Reason,
            },
            StoreJson.Options
        );

    private static SnapshotFile Freeze(string folder, string name, int rows)
    {
        var path = Path.Combine(folder, name);
        File.SetAttributes(path, File.GetAttributes(path) | FileAttributes.ReadOnly);
        return new SnapshotFile(name, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))), rows);
    }
}
