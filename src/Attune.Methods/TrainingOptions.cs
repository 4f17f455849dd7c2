using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Models.Weights;
using Attune.Training.Optimisation;

namespace Attune.Methods;

/// <summary>The group of options that every method has which trains: the optimiser's numbers, the batch, and what is trained.</summary>
/// <remarks>
/// Each property is a recipe key (snake_case) and a command-line option (--kebab-case); its description is the help text.
/// </remarks>
public sealed record TrainingOptions
{
    [Description("peak learning rate")]
    [Range(0, 1)]
    public double LearningRate { get; init; } = 1e-4;

    [Description("learning-rate schedule after warm-up: constant, linear or cosine")]
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Linear;

    [Description("share of the updates in which the learning rate rises from 0")]
    [Range(0, 1)]
    public double WarmupRatio { get; init; }

    [Description("updates in which the learning rate rises from 0, in place of warmup_ratio; 0 for the ratio")]
    [Range(0, 100_000_000)]
    public int WarmupSteps { get; init; }

    [Description(
        "updates to train for, whatever epochs says: rows are repeated where there are too few; methods that sample end after "
            + "their rounds at the latest; 0 for no such limit"
    )]
    [Range(0, 100_000_000)]
    public int MaxSteps { get; init; }

    [Description("schedule cosine: share of the peak at which it ends; 0.1 as in GPT-3, 0 as in Hugging Face's cosine")]
    [Range(0, 1)]
    public double MinLrRate { get; init; } = 0.1;

    [Description("items in one optimiser step")]
    [Range(1, 1_000_000)]
    public int BatchSize { get; init; } = 32;

    [Description("items that go through the model at once (0: 16); a lower number saves memory and does not change results")]
    [Range(0, 1_000_000)]
    public int MicrobatchSize { get; init; }

    [Description("decoupled weight decay, on matrices only")]
    [Range(0, 10)]
    public double WeightDecay { get; init; }

    [Description("largest norm of the whole gradient; larger ones are scaled down; 0 for no limit")]
    [Range(0, 1e9)]
    public double MaxGradNorm { get; init; } = 1;

    [Description("Adam's beta 1")]
    [Range(0, 0.99999)]
    public double AdamBeta1 { get; init; } = 0.9;

    [Description("Adam's beta 2")]
    [Range(0, 0.999999)]
    public double AdamBeta2 { get; init; } = 0.999;

    [Description("Adam's epsilon")]
    [Range(1e-12, 1)]
    public double AdamEpsilon { get; init; } = 1e-8;

    [Description(
        "where Adam adds epsilon: torch (to the bias-corrected root) or tensor-flow (to the uncorrected root, as " + "OpenAI did in 2019)"
    )]
    public AdamStyle AdamStyle { get; init; } = AdamStyle.Torch;

    [Description(
        "number type: f32 (exact), or bf16 (bfloat16 weights and gradients with a float32 master copy; faster on "
            + "processors with bfloat16 instructions)"
    )]
    public Precision Precision { get; init; } = Precision.F32;

    [Description(
        "keep only each layer's input for the backward pass and recompute the layer there: a third more work, a "
            + "fraction of the memory, the same results"
    )]
    public bool GradientCheckpointing { get; init; }

    [Description("number of lower transformer layers to freeze, together with the embeddings; 0 freezes nothing")]
    [Range(0, 1000)]
    public int FrozenLayers { get; init; }

    [Description("LoRA adapter to train instead of the weights: r, alpha, dropout, targets, type, base, head")]
    public LoraOptions Lora { get; init; } = new();

    [Description(
        "decay of a moving average of the weights, taken after each update, that the run ends with in place of the last weights; 0 for none"
    )]
    [Range(0, 0.999999)]
    public double EmaDecay { get; init; }

    [Description("rounds between checkpoints; 0 for none before the end")]
    [Range(0, 1_000_000)]
    public int CheckpointEvery { get; init; } = 50;

    [Description("newest checkpoints that are kept")]
    [Range(1, 100_000)]
    public int KeepCheckpoints { get; init; } = 2;

    [Description(
        "end with the weights that were best on the held-out data (least loss, most right, or, for methods that sample, highest reward), "
            + "which are kept as checkpoint best; needs held-out rows and evaluate_every"
    )]
    public bool KeepBest { get; init; }

    [Description("stop with an error where training diverges (figures not finite, or far above where they began), in place of a warning")]
    public bool StopOnDivergence { get; init; }

    public OptimiserOptions Optimiser =>
        new()
        {
            Beta1 = AdamBeta1,
            Beta2 = AdamBeta2,
            Epsilon = AdamEpsilon,
            Style = AdamStyle,
            WeightDecay = WeightDecay,
            MaxGradientNorm = MaxGradNorm,
        };

    public Schedule LearningRateSchedule => new(Schedule, LearningRate, WarmupRatio) { WarmupSteps = WarmupSteps, Floor = MinLrRate };

    /// <summary>
    /// Microbatch with the default filled in: small enough that its rows are of about one length, large enough to keep the cores busy.
    /// </summary>
    public int EffectiveMicrobatch => Math.Min(BatchSize, MicrobatchSize > 0 ? MicrobatchSize : 16);
}
