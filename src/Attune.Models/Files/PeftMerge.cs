using Attune.Core;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Models.Files;

/// <summary>
/// A model that computes what its base and an adapter of PEFT's compute together. Everything that PEFT saves of a LoRA can be merged; a
/// head that was the embedding and no longer is becomes a matrix of its own.
/// </summary>
internal sealed class PeftMerge : IDisposable
{
    private const string Weight = ".weight";
    private const string Bias = ".bias";
    private readonly PeftConfig _adapter;
    private readonly PeftWeights _weights;
    private readonly TransformerModel _origin;
    private readonly Dictionary<string, HuggingFaceTensor> _base;
    private readonly string _head;
    private readonly string _embedding;

    private PeftMerge(TransformerModel origin, string folder)
    {
        (_origin, _adapter, _weights) = (origin, PeftConfig.Read(folder), new PeftWeights(folder));
        _base = HuggingFaceTensor
            .Of(origin.Config, origin is ScalarModel ? HeadKind.Score : HeadKind.Language)
            .ToDictionary(t => t.Key, StringComparer.Ordinal);
        _embedding = ModuleOf(_base.Values.First(t => t.Slot == "tokens").Name);
        _head = HuggingFaceNames.LanguageHead(origin.Config);
    }

    /// <exception cref="ModelFileException">The adapter is absent or damaged, or fits another model.</exception>
    internal static T Of<T>(TransformerModel origin, string folder, HeadKind head, Func<TransformerConfig, T> make)
        where T : TransformerModel
    {
        using var merge = new PeftMerge(origin, folder);
        var config = merge.Fitting(head);
        var tensors = HuggingFaceTensor.Of(config, head);
        new PeftFit(merge._adapter, merge._weights, tensors, merge._base, merge.Follows(config) ? merge._head : null).Check(config.Family);
        var model = make(config);
        try
        {
            foreach (var tensor in tensors)
            {
                using var scope = NewDisposeScope();
                using var quiet = no_grad();
                TensorValues.Set(model, tensor, merge.Merged(tensor).contiguous().data<float>().ToArray());
            }

            model.Weights.Round();
            model.Origin = folder;
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public void Dispose() => _weights.Dispose();

    /// <summary>The base's shape, with a head of its own, more tokens or biases where the adapter makes it need them.</summary>
    private TransformerConfig Fitting(HeadKind head)
    {
        var config = _origin.Config;
        if (
            _weights.Whole.TryGetValue(_embedding + Weight, out var embedding)
            && embedding.Shape is [> 0 and <= int.MaxValue and var rows, _]
        )
        {
            config = config with { VocabularySize = (int)rows };
        }

        if (config.TiedHead && head == HeadKind.Language && !Follows(config))
        {
            config = config with { TiedHead = false };
        }

        // Llama's configuration has words for biases; the other families' do not.
        foreach (var kind in config.Family == "llama" ? new[] { BiasKind.Attention, BiasKind.All } : [])
        {
            var named = HuggingFaceTensor.Of(config, head).Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
            config = Biased().All(b => b == _head + Bias || named.Contains(b)) ? config : config with { Biases = kind };
        }

        return config;
    }

    /// <summary>Whether the head is the embedding and stays it.</summary>
    private bool Follows(TransformerConfig config)
    {
        bool Changes(string module, params ReadOnlySpan<PeftPart> parts)
        {
            foreach (var part in parts)
            {
                if (_weights.Has(module, part))
                {
                    return true;
                }
            }

            return _adapter.Saved.Any(s => IsNamed(module, s)) && _weights.Whole.ContainsKey(module + Weight);
        }

        return config.TiedHead
            && (
                _adapter.TiesHead
                || (
                    !Changes(_embedding, PeftPart.EmbeddingA, PeftPart.EmbeddingB)
                    && !Changes(_head, PeftPart.A, PeftPart.B, PeftPart.Tokens)
                )
            );
    }

    /// <summary>Biases that the adapter has something for.</summary>
    private IEnumerable<string> Biased() =>
        _weights
            .Changed.Where(m => _weights.Has(m, PeftPart.Bias))
            .Select(m => m + Bias)
            .Concat(_weights.Whole.Keys.Where(n => n.EndsWith(Bias, StringComparison.Ordinal)));

    /// <returns>[the file's shape], float32</returns>
    private Tensor Merged(HuggingFaceTensor tensor)
    {
        var module = ModuleOf(tensor.Name);
        var value = BaseOf(tensor);
        if (tensor.Name.EndsWith(Bias, StringComparison.Ordinal))
        {
            return _weights.Read(module, PeftPart.Bias) is { } bias ? value + bias * _adapter.ScaleOf(module) : value;
        }

        if (_weights.Read(module, PeftPart.EmbeddingA) is { } a)
        {
            value = Low(module, a, _weights.Read(module, PeftPart.EmbeddingB)!, value.t()).t();
        }
        else if (_weights.Read(module, PeftPart.A) is { } inner)
        {
            var outer = _weights.Read(module, PeftPart.B)!;
            value = tensor.Transposed ? Low(module, inner, outer, value.t()).t() : Low(module, inner, outer, value);
        }

        return TokensOf(module) is (var place, var tokens) && _weights.Read(place, PeftPart.Tokens) is { } rows
            ? value.index_copy(0, Indices(tokens), rows)
            : value;

        static Tensor Indices(int[] tokens) => from_array(tokens.Select(t => (long)t).ToArray());
    }

    /// <summary>W + scale B A, with DoRA at the lengths of rows that the file has.</summary>
    /// <param name="value">[outputs, inputs]</param>
    private Tensor Low(string module, Tensor a, Tensor b, Tensor value)
    {
        var sum = value + b.mm(a) * _adapter.ScaleOf(module);
        return _weights.Read(module, PeftPart.Magnitude) is { } magnitude
            ? sum * (magnitude.reshape(-1) / sum.square().sum(1).clamp_min(1e-24).sqrt()).unsqueeze(1)
            : sum;
    }

    /// <summary>The base's numbers, or those that the file has in their place.</summary>
    private Tensor BaseOf(HuggingFaceTensor wanted)
    {
        if (_weights.Whole.TryGetValue(wanted.Name, out var whole))
        {
            return _weights.Read(whole);
        }

        if (_base.TryGetValue(wanted.Key, out var own))
        {
            return tensor(TensorValues.Of(_origin, own)).view([.. own.Shape]);
        }

        // A head that is no longer the embedding begins as it was; a bias that the base does not have, as nothing.
        return wanted.Name == _head + Weight
            ? tensor(TensorValues.Of(_origin, _base[_embedding + Weight])).view([.. wanted.Shape])
            : zeros([.. wanted.Shape]);
    }

    /// <summary>The tokens whose rows the file has for an embedding or a head, and the module that it has them for.</summary>
    private (string Module, int[] Tokens)? TokensOf(string module)
    {
        foreach (var (name, tokens) in _adapter.Tokens)
        {
            var place = name.Length == 0 ? _embedding : name;
            if (IsNamed(module, place))
            {
                return (module, tokens);
            }

            // New rows of an embedding count in a head that is the embedding, whatever else changes the two.
            if (module == _head && _origin.Config.TiedHead && IsNamed(_embedding, place))
            {
                return (_embedding, tokens);
            }
        }

        return null;
    }

    internal static string ModuleOf(string name) => name[..name.LastIndexOf('.')];

    /// <summary>Whether a name is a module's, whole or its end after a dot.</summary>
    internal static bool IsNamed(string module, string name) => module == name || module.EndsWith("." + name, StringComparison.Ordinal);
}
