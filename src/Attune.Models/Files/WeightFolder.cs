using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core;
using Attune.Models.Weights;

namespace Attune.Models.Files;

/// <summary>
/// The weights of a model folder: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> lists.
/// </summary>
internal sealed class WeightFolder : IDisposable
{
    internal const string SingleFile = "model.safetensors";
    private const string Index = "model.safetensors.index.json";
    private readonly List<SafeTensorsFile> _files = [];
    private readonly Dictionary<string, (SafeTensorsFile File, SafeTensorsEntry Entry)> _tensors = new(StringComparer.Ordinal);

    internal WeightFolder(string directory)
    {
        try
        {
            foreach (var path in Shards(directory))
            {
                _files.Add(new SafeTensorsFile(path));
                foreach (var entry in _files[^1].Entries)
                {
                    if (!_tensors.TryAdd(KnownAs(entry.Name), (_files[^1], entry)))
                    {
                        throw new ModelFileException(
                            $"{path}: the tensor '{entry.Name}' appears twice in {directory}. Copy or download the folder again."
                        );
                    }
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The tensors' names, buffers left out, with the prefix "transformer." where older GPT-2 files lack it.</summary>
    internal IEnumerable<string> Names => _tensors.Keys.Where(name => !IsBuffer(name));

    internal ImmutableArray<long>? ShapeOf(string name) => _tensors.TryGetValue(name, out var found) ? found.Entry.Shape : null;

    internal float[] Read(string name)
    {
        var (file, entry) = _tensors[name];
        var values = new float[entry.Length];
        file.Read(entry, values);
        return values;
    }

    /// <summary>A tensor, or one of the matrices that are stacked in it.</summary>
    internal float[] Read(HuggingFaceTensor tensor)
    {
        var (file, entry) = _tensors[tensor.Name];
        var values = new float[tensor.Length];
        file.Read(entry, values, tensor.Index * tensor.Length);
        return values;
    }

    public void Dispose() => _files.ForEach(file => file.Dispose());

    /// <summary>Masks and frequencies that some versions store though they follow from the configuration.</summary>
    private static bool IsBuffer(string name) =>
        name.EndsWith(".attn.bias", StringComparison.Ordinal)
        || name.EndsWith(".attn.masked_bias", StringComparison.Ordinal)
        || name.EndsWith(".attention.bias", StringComparison.Ordinal)
        || name.EndsWith(".attention.masked_bias", StringComparison.Ordinal)
        || name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal);

    private static string KnownAs(string name) =>
        name.StartsWith("wte.", StringComparison.Ordinal)
        || name.StartsWith("wpe.", StringComparison.Ordinal)
        || name.StartsWith("h.", StringComparison.Ordinal)
        || name.StartsWith("ln_f.", StringComparison.Ordinal)
            ? "transformer." + name
            : name;

    private static IEnumerable<string> Shards(string directory)
    {
        var single = Path.Combine(directory, SingleFile);
        var index = Path.Combine(directory, Index);
        if (File.Exists(single))
        {
            return [single];
        }

        if (!File.Exists(index))
        {
            throw new ModelFileException(
                $"{directory} has neither {SingleFile} nor {Index}; expected a model folder in Hugging Face layout with "
                    + "safetensors weights "
                    + "(weights in pytorch_model.bin must be converted first)."
            );
        }

        return ShardsOf(directory, index);
    }

    private static IEnumerable<string> ShardsOf(string directory, string index)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(index));
            var names = document
                .RootElement.GetProperty("weight_map")
                .EnumerateObject()
                .Select(p => p.Value.GetString() ?? "")
                .Distinct()
                .Order(StringComparer.Ordinal)
                .ToArray();
            // A shard lies in the folder itself: an index must not make us open files elsewhere.
            return names.FirstOrDefault(name => name != Path.GetFileName(name) || name is "" or "." or "..") is { } stray
                ? throw new ModelFileException($"{index} names the shard '{stray}'; expected the name of a file in the same folder.")
                : names.Select(name => Path.Combine(directory, name));
        }
        catch (Exception problem)
            when (problem
                    is JsonException
                        or KeyNotFoundException
                        or InvalidOperationException
                        or IOException
                        or UnauthorizedAccessException
            )
        {
            throw new ModelFileException(
                $"{index} is damaged: expected a JSON object with 'weight_map', from tensor names to file names. Copy or "
                    + "download it again.",
                problem
            );
        }
    }
}
