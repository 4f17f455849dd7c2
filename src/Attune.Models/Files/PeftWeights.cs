using System.Collections.Immutable;
using Attune.Core;
using static TorchSharp.torch;

namespace Attune.Models.Files;

/// <summary>PEFT's <c>adapter_model.safetensors</c>, open, its tensors sorted by what they do to which module.</summary>
internal sealed class PeftWeights : IDisposable
{
    private const string Prefix = "base_model.model.";
    private readonly SafeTensorsFile _file;
    private readonly Dictionary<string, SafeTensorsEntry> _whole = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<PeftPart, SafeTensorsEntry>> _parts = new(StringComparer.Ordinal);

    /// <exception cref="ModelFileException">The file is absent or damaged, or has a tensor that is of no adapter.</exception>
    internal PeftWeights(string folder)
    {
        _file = new SafeTensorsFile(Path.Combine(folder, AdapterFiles.WeightFile));
        try
        {
            foreach (var entry in _file.Entries)
            {
                Sort(entry);
            }
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    internal string Name => _file.Path;

    /// <summary>Tensors that stand in the place of the base's, by their names in the base.</summary>
    internal IReadOnlyDictionary<string, SafeTensorsEntry> Whole => _whole;

    /// <summary>Modules that something is added to, or of whose rows some are replaced.</summary>
    internal IEnumerable<string> Changed => _parts.Keys;

    internal SafeTensorsEntry? Find(string module, PeftPart part) => _parts.GetValueOrDefault(module)?.GetValueOrDefault(part);

    internal bool Has(string module, PeftPart part) => Find(module, part) is not null;

    /// <summary>[the entry's shape], float32; null where the module has no such part.</summary>
    internal Tensor? Read(string module, PeftPart part) => Find(module, part) is { } entry ? Read(entry) : null;

    internal Tensor Read(SafeTensorsEntry entry)
    {
        var values = new float[entry.Length];
        _file.Read(entry, values);
        return tensor(values).view([.. entry.Shape]);
    }

    public void Dispose() => _file.Dispose();

    private void Sort(SafeTensorsEntry entry)
    {
        if (!entry.Name.StartsWith(Prefix, StringComparison.Ordinal))
        {
            throw new ModelFileException($"{Name} has a tensor '{entry.Name}'; expected names that begin with {Prefix}");
        }

        var name = entry.Name[Prefix.Length..];
        foreach (var (end, part) in Ends)
        {
            if (name.EndsWith(end, StringComparison.Ordinal))
            {
                var module = name[..^end.Length];
                _parts.TryAdd(module, []);
                _parts[module][part] = entry;
                return;
            }
        }

        // What stood in a module's place before it was trained is the base's.
        if (!name.Contains(".original_module.", StringComparison.Ordinal))
        {
            _whole[name.Replace(".modules_to_save.", ".").Replace(".base_layer.", ".")] = entry;
        }
    }

    private static readonly (string End, PeftPart Part)[] Ends =
    [
        (".lora_A.weight", PeftPart.A),
        (".lora_B.weight", PeftPart.B),
        (".lora_B.bias", PeftPart.Bias),
        (".lora_embedding_A", PeftPart.EmbeddingA),
        (".lora_embedding_B", PeftPart.EmbeddingB),
        // Older files call a magnitude's tensor ".weight"; newer ones do not.
        (".lora_magnitude_vector", PeftPart.Magnitude),
        (".lora_magnitude_vector.weight", PeftPart.Magnitude),
        (".token_adapter.trainable_tokens_delta", PeftPart.Tokens),
    ];
}

/// <summary>One tensor of an adapter, by what it does to its module.</summary>
internal enum PeftPart
{
    /// <summary>[r, inputs]</summary>
    A,

    /// <summary>[outputs, r]</summary>
    B,

    /// <summary>[outputs], added to B's product.</summary>
    Bias,

    /// <summary>[r, vocabulary], of an embedding.</summary>
    EmbeddingA,

    /// <summary>[width, r], of an embedding.</summary>
    EmbeddingB,

    /// <summary>[outputs], or [width] of an embedding: the lengths of rows, with DoRA.</summary>
    Magnitude,

    /// <summary>[tokens, width]: rows of an embedding that replace the base's.</summary>
    Tokens,
}
