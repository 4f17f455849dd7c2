using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Core;
using Attune.Core.Files;
using Attune.Core.Runs;
using Attune.Learning.Optimisation;
using Attune.Models.Weights;
using TorchSharp;

namespace Attune.Learning.Checkpoints;

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
    private const string Unfinished = ".checkpoint-unfinished";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        WriteIndented = true,
    };

    public void Save(AdamW adam, Progress progress, IReadOnlyDictionary<string, double> state, long lastSequence)
    {
        var final = Path.Combine(folder, Prefix + progress.Updates.ToString(CultureInfo.InvariantCulture));
        if (File.Exists(Path.Combine(final, ManifestFile)))
        {
            return;     // nothing was learned since
        }

        var temporary = Path.Combine(folder, Unfinished);
        DeleteFolder(temporary);
        try
        {
            Directory.CreateDirectory(temporary);
            SafeTensorsWriter.Write(Path.Combine(temporary, TensorFile), Sources(adam), WeightType.F32);
            var manifest = new CheckpointManifest(
                progress.Seed.Value, progress.Round, progress.Updates, progress.Items, state, lastSequence, data, Hash(Path.Combine(temporary, TensorFile)));
            AtomicFile.WriteText(Path.Combine(temporary, ManifestFile), JsonSerializer.Serialize(manifest, Json));
            Directory.Move(temporary, final);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or AttuneException)
        {
            DeleteFolder(temporary);
            throw new AttuneException($"checkpoint {final} could not be written: {problem.Message} The checkpoints before it are intact; free some space and resume.", problem);
        }

        foreach (var old in Existing().SkipLast(keep))
        {
            DeleteFolder(old.Path);
        }
    }

    /// <summary>Loads the newest whole checkpoint into weights and moments.</summary>
    /// <returns>Its manifest, or null where there is none.</returns>
    /// <exception cref="AttuneException">It was made from other data or for another model, or its file is damaged.</exception>
    public CheckpointManifest? RestoreLatest(AdamW adam)
    {
        DeleteFolder(Path.Combine(folder, Unfinished));
        var existing = Existing();
        if (existing.Count == 0)
        {
            return null;
        }

        var path = existing[^1].Path;
        var manifest = JsonSerializer.Deserialize<CheckpointManifest>(File.ReadAllText(Path.Combine(path, ManifestFile)), Json)
            ?? throw new ModelFileException($"{path}/{ManifestFile} is empty; delete that folder to go on from an older checkpoint.");
        if (!manifest.Data.SequenceEqual(data))
        {
            throw new AttuneException($"{path} was made from other data than this run reads now (the hashes differ). Put the data back, or start a new run folder.");
        }

        var tensors = Path.Combine(path, TensorFile);
        if (Hash(tensors) != manifest.StateFile)
        {
            throw new ModelFileException($"{tensors} is damaged: its hash is not the manifest's. Delete {path} to go on from an older checkpoint.");
        }

        Read(tensors, adam);
        return manifest;
    }

    private List<(long Updates, string Path)> Existing() => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateDirectories(folder, Prefix + "*")
            .Where(d => File.Exists(Path.Combine(d, ManifestFile)))
            .Select(d => (long.TryParse(Path.GetFileName(d)[Prefix.Length..], out var updates) ? updates : -1, d))
            .Where(d => d.Item1 >= 0)
            .OrderBy(d => d.Item1)];

    private static IEnumerable<(string Name, torch.Tensor Tensor)> Tensors(AdamW adam) => adam.Parts.SelectMany((part, i) => new[]
    {
        ($"{i}.values", part.Values),
        ($"{i}.first_moment", part.FirstMoment),
        ($"{i}.second_moment", part.SecondMoment),
    });

    private static SafeTensorsSource[] Sources(AdamW adam) =>
        [.. Tensors(adam).Select(t => new SafeTensorsSource(t.Name, [t.Tensor.numel()], () => t.Tensor.cpu().data<float>().ToArray()))];

    private static void Read(string path, AdamW adam)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        using var file = new SafeTensorsFile(path);
        foreach (var (name, tensor) in Tensors(adam))
        {
            var entry = file.Find(name);
            if (entry is null || entry.Length != tensor.numel())
            {
                throw new ModelFileException(
                    $"{path} does not fit this model: {name} has {entry?.Length.ToString(CultureInfo.InvariantCulture) ?? "no"} numbers, expected {tensor.numel()}. Resume with the recipe that made it.");
            }

            var values = new float[entry.Length];
            file.Read(entry, values);
            tensor.copy_(torch.tensor(values));
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
