using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Models.Adapters;
using Attune.Models.Weights;

namespace Attune.Methods;

/// <summary>An adapter, trained beside weights that stay as they are.</summary>
public sealed record LoraOptions
{
    [Description("rank of an adapter that is trained instead of the weights (LoRA); 0 trains the weights")]
    [Range(0, 4096)]
    public int R { get; init; }

    [Description("what the adapter is multiplied by, times r (lora, dora) or times the root of r (rslora)")]
    [Range(0.0001, 100_000)]
    public double Alpha { get; init; } = 16;

    [Description("share of the adapter's inputs that are dropped in training; 0 for methods that sample")]
    [Range(0, 0.99)]
    public double Dropout { get; init; }

    [Description("linear maps that are adapted: all-linear, or ends of their names in the files: q_proj, v_proj")]
    public string Targets { get; init; } = AdapterConfig.AllLinear;

    [Description("lora, rslora (one step size for all ranks) or dora (direction and magnitude apart)")]
    public AdapterKind Type { get; init; } = AdapterKind.Lora;

    [Description("how the frozen matrices are kept: none (as they are), int8 (8.5 bits a weight) or nf4 (4.5 bits a weight: QLoRA)")]
    public BaseQuantization Base { get; init; } = BaseQuantization.None;

    [Description("train the head over the vocabulary with it, whole; the model's head must not be its embedding")]
    public bool Head { get; init; }

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
