using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Models.Adapters;
using Attune.Models.Weights;

namespace Attune.Methods;

/// <summary>An adapter, trained beside weights that stay as they are.</summary>
public sealed record LoraOptions : IValidatableObject
{
    [Description("rank of a LoRA adapter to train instead of the weights; 0 trains the weights")]
    [Range(0, 4096)]
    public int R { get; init; }

    [Description("scale of the adapter: its output is multiplied by alpha / r (lora, dora) or alpha / sqrt(r) (rslora)")]
    [Range(0.0001, 100_000)]
    public double Alpha { get; init; } = 16;

    [Description("dropout of the adapter's inputs in training; use 0 for methods that sample")]
    [Range(0, 0.99)]
    public double Dropout { get; init; }

    [Description("linear layers to adapt: all-linear, or the ends of their names in the files, e.g. q_proj, v_proj")]
    public string Targets { get; init; } = AdapterConfig.AllLinear;

    [Description(
        "kind of adapter: lora, rslora (scaled so that one learning rate fits all ranks) or dora (separate " + "direction and magnitude)"
    )]
    public AdapterKind Type { get; init; } = AdapterKind.Lora;

    [Description(
        "quantisation of the frozen matrices: none, int8 (8.5 bits a weight), nf4 (4.5 bits a weight, as in QLoRA) or file (the GGUF "
            + "file's own blocks)"
    )]
    public BaseQuantization Base { get; init; } = BaseQuantization.None;

    [Description("also train the whole output head; the model's head must not be tied to its embedding")]
    public bool Head { get; init; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // A base in few bits without an adapter is told with the model, when its file is known.
        if (R == 0 && this != new LoraOptions { Base = Base })
        {
            yield return new ValidationResult(
                "no adapter is trained, because r is 0, but other keys of it are given. Give r too, e.g. 16."
            );
        }
    }

    /// <summary>The adapter's shape; null for none.</summary>
    public AdapterConfig? Config =>
        R == 0
            ? null
            : new AdapterConfig
            {
                Kind = Type,
                Rank = R,
                Alpha = Alpha,
                Dropout = Dropout,
                Targets = [.. Targets.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)],
                TrainsHead = Head,
            };
}
