using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Data.Encoding;

namespace Attune.Methods.Preference;

/// <summary>
/// The group of options of methods that learn from a file of preferences. Names and defaults are TRL's where it has them.
/// </summary>
public sealed record PreferenceOptions
{
    [Description("passes over the data")]
    [Range(0.0001, 10_000)]
    public double Epochs { get; init; } = 1;

    [Description("longest prompt and answer together, in tokens; longer rows are left out and counted, unless truncation cuts them")]
    [Range(2, 1_000_000)]
    public int MaxLength { get; init; } = 1024;

    [Description(
        "rows longer than max_length: left out (drop-row), prompts cut (keep-prompt-start, keep-prompt-end), or prompt and answer "
            + "together (keep-start, keep-end, as TRL)"
    )]
    public TruncationPolicy Truncation { get; init; } = TruncationPolicy.DropRow;

    [Description("draw the rows in a new order in each epoch; false keeps the file's order (TRL's KTO)")]
    public bool Shuffle { get; init; } = true;

    [Description("share of the prompts to hold out, if no held-out file is given")]
    [Range(0, 0.9)]
    public double TestSplit { get; init; } = 0.1;

    [Description("updates between evaluations on held-out data; 0 for before and after only")]
    [Range(0, 1_000_000)]
    public int EvaluateEvery { get; init; } = 20;
}

/// <summary>The group of options of methods that hold the policy against a reference.</summary>
public sealed record ReferenceOptions : IValidatableObject
{
    [Description("use no reference model, as if it found all answers equally likely")]
    public bool ReferenceFree { get; init; }

    [Description(
        "compute the reference's log-probabilities once, before training, and store them in the run folder, "
            + "instead of running the reference in each update"
    )]
    public bool PrecomputeRefLogProbs { get; init; }

    [Flatten]
    public MovingReferenceOptions Moves { get; init; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Moves.SyncRefModel && (ReferenceFree || PrecomputeRefLogProbs))
        {
            yield return new ValidationResult(
                "sync_ref_model moves the reference, so its log-probabilities can be neither absent (reference_free) nor computed "
                    + "beforehand (precompute_ref_log_probs); choose one of them.",
                [nameof(Moves.SyncRefModel)]
            );
        }
    }
}
