using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Core;
using Attune.Core.Files;
using Attune.Core.Runs;
using Attune.Models.Files;
using Attune.Models.Weights;
using Attune.Training.Optimisation;
using TorchSharp;

namespace Attune.Training.Checkpoints;

/// <summary>
/// Checkpoints as folders <c>checkpoint-UPDATES</c>: trained weights and Adam's moments as safetensors, and a manifest. A checkpoint
/// is written to a temporary folder, manifest last, and renamed, so that a kill at any moment leaves either the old ones or the new one.
/// </summary>
/// <param name="folder">The run folder.</param>
/// <param name="data">What the weights are shaped by; resuming on other data is refused.</param>
/// <param name="keep">Newest checkpoints that are kept.</param>
public sealed class DirectoryCheckpoints(string folder, ImmutableArray<DataHash> data, int keep = 2)
{
    private const string TensorFile = "state.safetensors";
    private const string ManifestFile = "manifest.json";
    private const string Prefix = "checkpoint-";
    private const string BestFolder = "best";
    private const string BestScore = "best_score";
    private const string Unfinished = ".checkpoint-unfinished";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        WriteIndented = true,
    };

    /// <param name="followers">Weights that move without being trained.</param>
    public void Save(
        IReadOnlyList<AdamState> parts,
        Progress progress,
        IReadOnlyDictionary<string, double> state,
        long lastSequence,
        IReadOnlyList<FlatParameters>? followers = null
    )
    {
        var final = Path.Combine(folder, Prefix + progress.Updates.ToString(CultureInfo.InvariantCulture));
        if (File.Exists(Path.Combine(final, ManifestFile)))
        {
            return; // nothing was learned since
        }

        var temporary = Path.Combine(folder, Unfinished);
        DeleteFolder(temporary);
        try
        {
            Directory.CreateDirectory(temporary);
            SafeTensorsWriter.Write(Path.Combine(temporary, TensorFile), Sources(parts, followers ?? []), WeightType.F32);
            var manifest = new CheckpointManifest(
                progress.Seed.Value,
                progress.Round,
                progress.Updates,
                progress.Items,
                state,
                lastSequence,
                data,
                Hash(Path.Combine(temporary, TensorFile))
            );
            AtomicFile.WriteText(Path.Combine(temporary, ManifestFile), JsonSerializer.Serialize(manifest, Json));
            DeleteFolder(final); // without a manifest: what a kill left of an older checkpoint while it was deleted
            Directory.Move(temporary, final);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or AttuneException)
        {
            DeleteFolder(temporary);
            throw new AttuneException(
                $"checkpoint {final} could not be written: {problem.Message} The checkpoints before it are intact; free some "
                    + "space and resume.",
                problem
            );
        }

        foreach (var old in Existing().SkipLast(keep))
        {
            DeleteFolder(old.Path);
        }
    }

    /// <summary>Loads the newest whole checkpoint into weights and moments.</summary>
    /// <returns>Its manifest, or null where there is none.</returns>
    /// <exception cref="AttuneException">It was made from other data or for another model, or its file is damaged.</exception>
    public CheckpointManifest? RestoreLatest(IReadOnlyList<AdamState> parts, IReadOnlyList<FlatParameters>? followers = null)
    {
        DeleteFolder(Path.Combine(folder, Unfinished));
        var existing = Existing();
        if (existing.Count == 0)
        {
            return null;
        }

        var path = existing[^1].Path;
        var manifest = ReadManifest(path);
        if (!manifest.Data.SequenceEqual(data))
        {
            throw new AttuneException(
                $"{path} was made from other data than this run reads now (the hashes differ). Put the data back, or start a "
                    + "new run folder."
            );
        }

        var tensors = Path.Combine(path, TensorFile);
        if (!File.Exists(tensors) || Hash(tensors) != manifest.StateFile)
        {
            throw new ModelFileException(
                $"{tensors} is absent or damaged: its hash is not the manifest's. Delete {path} to go on from an older checkpoint."
            );
        }

        Read(tensors, parts, followers ?? []);
        return manifest;
    }

    /// <summary>A checkpoint of the weights alone, apart from those that a run goes on from: another one replaces it.</summary>
    /// <param name="score">By which the weights are the best so far; kept with them.</param>
    public void SaveBest(IReadOnlyList<AdamState> parts, Progress progress, double score)
    {
        var apart = new DirectoryCheckpoints(Path.Combine(folder, BestFolder), data, keep: 1);
        apart.Save(parts, progress, new Dictionary<string, double> { [BestScore] = score }, lastSequence: 0);
    }

    /// <summary>How good the weights are that <see cref="SaveBest"/> kept, and after which update; null where there are none.</summary>
    public (double Score, long Updates)? ReadBest()
    {
        var apart = new DirectoryCheckpoints(Path.Combine(folder, BestFolder), data, keep: 1).Existing();
        return apart.Count > 0 && ReadManifest(apart[^1].Path) is { } manifest ? (manifest.State[BestScore], manifest.Updates) : null;
    }

    /// <summary>Loads the best weights.</summary>
    public void RestoreBest(IReadOnlyList<AdamState> parts) =>
        new DirectoryCheckpoints(Path.Combine(folder, BestFolder), data, keep: 1).RestoreLatest(parts);

    private static CheckpointManifest ReadManifest(string path)
    {
        var file = Path.Combine(path, ManifestFile);
        try
        {
            var manifest = JsonSerializer.Deserialize<CheckpointManifest>(File.ReadAllText(file), Json);
            return manifest is { State: not null, StateFile: not null, Data.IsDefault: false }
                ? manifest
                : throw new JsonException("state, data and state_file are expected");
        }
        catch (Exception problem) when (problem is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(
                $"{file} is damaged: {problem.Message.TrimEnd('.')}. Delete {path} to go on from an older checkpoint.",
                problem
            );
        }
    }

    private List<(long Updates, string Path)> Existing() =>
        !Directory.Exists(folder)
            ? []
            :
            [
                .. Directory
                    .EnumerateDirectories(folder, Prefix + "*")
                    .Where(d => File.Exists(Path.Combine(d, ManifestFile)))
                    .Select(d => (long.TryParse(Path.GetFileName(d)[Prefix.Length..], out var updates) ? updates : -1, d))
                    .Where(d => d.Item1 >= 0)
                    .OrderBy(d => d.Item1),
            ];

    private static IEnumerable<(string Name, torch.Tensor Tensor)> Tensors(
        IReadOnlyList<AdamState> parts,
        IReadOnlyList<FlatParameters> followers
    ) =>
        parts
            .SelectMany(
                (part, i) =>
                    new[]
                    {
                        ($"{i}.values", part.Values),
                        ($"{i}.first_moment", part.FirstMoment),
                        ($"{i}.second_moment", part.SecondMoment),
                    }
            )
            .Concat(followers.Select((weights, i) => ($"follower.{i}", weights.Exact)));

    private static SafeTensorsSource[] Sources(IReadOnlyList<AdamState> parts, IReadOnlyList<FlatParameters> followers) =>
        [.. Tensors(parts, followers).Select(t => new SafeTensorsSource(t.Name, [t.Tensor.numel()], () => Values(t.Tensor)))];

    private static float[] Values(torch.Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        return tensor.cpu().data<float>().ToArray();
    }

    private static void Read(string path, IReadOnlyList<AdamState> parts, IReadOnlyList<FlatParameters> followers)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        using var file = new SafeTensorsFile(path);
        var tensors = Tensors(parts, followers).ToArray();
        CheckFit(file, tensors);
        foreach (var (name, tensor) in tensors)
        {
            var values = new float[tensor.numel()];
            file.Read(file.Find(name)!, values);
            tensor.copy_(torch.tensor(values));
        }

        foreach (var part in parts)
        {
            part.Rounded?.copy_(part.Values);
        }

        foreach (var weights in followers)
        {
            weights.Round();
        }
    }

    /// <summary>All before the first is copied: a model that is half another one is none.</summary>
    private static void CheckFit(SafeTensorsFile file, (string Name, torch.Tensor Tensor)[] tensors)
    {
        foreach (var (name, tensor) in tensors)
        {
            var length = file.Find(name)?.Length;
            if (length != tensor.numel())
            {
                throw new ModelFileException(
                    $"{file.Path} does not fit this model: {name} has {length?.ToString(CultureInfo.InvariantCulture) ?? "no"} "
                        + $"numbers, expected {tensor.numel()}. Resume with the recipe that made it."
                );
            }
        }

        if (file.Entries.Length != tensors.Length)
        {
            throw new ModelFileException(
                $"{file.Path} does not fit this model: it holds {file.Entries.Length} tensors, expected {tensors.Length}. "
                    + "Resume with the recipe that made it."
            );
        }
    }

    private static string Hash(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static void DeleteFolder(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
