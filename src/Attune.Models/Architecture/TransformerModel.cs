using System.Security.Cryptography;
using Attune.Core.Runs;
using Attune.Models.Adapters;
using Attune.Models.Configuration;
using Attune.Models.Layers;
using Attune.Models.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Attune.Models.Architecture;

/// <summary>
/// A trunk and a head over one set of flat parameters. An adapted model shares them, frozen, with the model that it was made from, which
/// stays what it was: a reference policy needs no second copy. There is no dropout but an adapter's.
/// </summary>
public abstract class TransformerModel : nn.Module, IAdaptable
{
    private readonly bool _ownsWeights;

    private protected TransformerModel(
        TransformerConfig config,
        HeadKind head,
        ScalarType type,
        Device? device,
        BaseQuantization quantization,
        int classes = 0
    )
        : base(NameOf(head))
    {
        Config = config.Validate();
        _ownsWeights = true;
        var slots = ParameterLayout.Of(config, head, classes);
        if (quantization != BaseQuantization.None)
        {
            Quantized = slots
                .Where(ParameterLayout.IsQuantizable)
                .ToDictionary(s => s.Name, s => new QuantizedMatrix(quantization, s.Shape[0], s.Shape[1]));
            slots = ParameterLayout.Packed(slots.Where(s => !ParameterLayout.IsQuantizable(s)).Select(s => (s.Name, s.Shape)));
        }

        Weights = new FlatParameters(slots, type, device);
        Trunk = new Transformer(config, Weights, new LinearMaps(config, Weights, Quantized, null));
        foreach (var (name, parameter) in Weights.Named)
        {
            register_parameter(name, parameter);
        }
    }

    /// <summary>The same weights, frozen, with an adapter.</summary>
    private protected TransformerModel(TransformerModel origin, HeadKind head, Adapter adapter)
        : base(NameOf(head))
    {
        (Config, Weights, Quantized, Origin, Adapter) = (origin.Config, origin.Weights, origin.Quantized, origin.Origin, adapter);
        Weights.FreezeAll();
        Trunk = new Transformer(Config, Weights, new LinearMaps(Config, Weights, Quantized, adapter));
    }

    public TransformerConfig Config { get; }

    public Transformer Trunk { get; }

    /// <summary>
    /// Every weight, in one tensor; of a quantised model, every one but the layers' matrices. An adapted model shares it with its base.
    /// </summary>
    public FlatParameters Weights { get; }

    /// <summary>What is trained beside the frozen weights; null where the weights themselves are.</summary>
    public Adapter? Adapter { get; }

    /// <summary>This model, to be adapted.</summary>
    internal TransformerModel Plain() =>
        Adapter is null
            ? this
            : throw new InvalidOperationException("an adapted model cannot be adapted: adapt its base, or merge it first.");

    /// <summary>What training changes: the adapter's parameters, or all.</summary>
    public FlatParameters Learner => Adapter?.Weights ?? Weights;

    /// <summary>The folder that the weights, or an adapted model's base, were read from; null where they were made here.</summary>
    public string? Origin { get; internal set; }

    /// <summary>The parameters in a fixed order, embeddings first, head last. A tied head is not listed twice.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> NamedParameters => Weights.Named;

    /// <summary>Matrices kept in few bits, by the names of their slots.</summary>
    internal IReadOnlyDictionary<string, QuantizedMatrix> Quantized { get; } = new Dictionary<string, QuantizedMatrix>();

    /// <summary>Makes another model of this shape, without adapter and quantisation, compute as this one does.</summary>
    public void CopyInto(TransformerModel target)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        target.Weights.CopyFrom(Weights);
        foreach (var slot in target.Weights.Slots)
        {
            if (Adapter is not null || Quantized.ContainsKey(slot.Name))
            {
                using var inner = NewDisposeScope();
                target.Weights.ExactOf(slot.Name).copy_(ExactOf(slot.Name));
            }
        }

        target.Weights.Round();
    }

    Tensor IAdaptable.MatrixOf(string map) => Trunk.Maps[map].Plain();

    /// <summary>
    /// A parameter as the model computes with it, its adapter merged and no longer quantised; the parameter itself where there is neither.
    /// </summary>
    internal Tensor Merged(string name)
    {
        const string suffix = ".weight";
        var map = name.EndsWith(suffix, StringComparison.Ordinal) ? Trunk.Maps.Find(name[..^suffix.Length]) : null;
        return Adapter?.Weights.Find(name) ?? map?.Merged() ?? Weights[name];
    }

    /// <summary>The same in float32, from masters where there are some.</summary>
    internal Tensor ExactOf(string name)
    {
        const string suffix = ".weight";
        var map = name.EndsWith(suffix, StringComparison.Ordinal) ? Trunk.Maps.Find(name[..^suffix.Length]) : null;
        return Adapter?.Weights.Find(name) is not null ? Adapter.Weights.ExactOf(name)
            : map is not null && (map.Parts.Length > 0 || map.Quantized is not null) ? map.Merged()
            : Weights.ExactOf(name);
    }

    /// <summary>SHA-256 of all that the model computes with, lower-case hexadecimal.</summary>
    public string Sha256()
    {
        if (Adapter is null && Quantized.Count == 0)
        {
            return Weights.Sha256();
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Convert.FromHexString(Weights.Sha256()));
        hash.AppendData(Convert.FromHexString(Learner.Sha256()));
        foreach (var (_, matrix) in Quantized.OrderBy(m => m.Key, StringComparer.Ordinal))
        {
            matrix.AddTo(hash);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The type of the weights that a precision computes with.</summary>
    internal static ScalarType TypeOf(Precision precision) => precision == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32;

    private protected void Initialize(Seed seed) => Initialization.Fill(Weights, Config, seed);

    private static string NameOf(HeadKind head) =>
        head switch
        {
            HeadKind.Language => "language_model",
            HeadKind.Classes => "token_classifier",
            _ => "scalar_model",
        };

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Trunk.Dispose();
            Adapter?.Dispose();
            if (_ownsWeights)
            {
                Weights.Dispose();
            }
        }

        base.Dispose(disposing);
    }
}
