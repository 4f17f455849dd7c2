using Attune.Core.Runs;
using Attune.Models.Configuration;
using Attune.Models.Weights;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Attune.Models;

/// <summary>A trunk and a head over one set of flat parameters. There is no dropout, in training or elsewhere.</summary>
public abstract class TransformerModel : nn.Module
{
    private protected TransformerModel(TransformerConfig config, HeadKind head, ScalarType type, Device? device) : base(head == HeadKind.Language ? "language_model" : "scalar_model")
    {
        Config = config.Validate();
        Weights = new FlatParameters(ParameterLayout.Of(config, head), type, device);
        Trunk = new Transformer(config, Weights);
        foreach (var (name, parameter) in Weights.Named)
        {
            register_parameter(name, parameter);
        }
    }

    public TransformerConfig Config { get; }

    public Transformer Trunk { get; }

    /// <summary>Every weight, in one tensor.</summary>
    public FlatParameters Weights { get; }

    /// <summary>The parameters in a fixed order, embeddings first, head last. A tied head is not listed twice.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> NamedParameters => Weights.Named;

    /// <summary>The type of the weights that a precision computes with.</summary>
    internal static ScalarType TypeOf(Precision precision) => precision == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32;

    private protected void Initialize(Seed seed) => Initialization.Fill(Weights, Config, seed);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Trunk.Dispose();
            Weights.Dispose();
        }

        base.Dispose(disposing);
    }
}
