using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Methods.Preference;

/// <summary>
/// The group of options of methods that learn from a file of preferences. Names and defaults are TRL's where it has them.
/// </summary>
public sealed record PreferenceOptions
{
    [Description("passes over the data")]
    [Range(0.0001, 10_000)]
    public double Epochs { get; init; } = 1;

    [Description("longest prompt and answer together, in tokens; longer rows are left out and counted")]
    [Range(2, 1_000_000)]
    public int MaxLength { get; init; } = 1024;

    [Description("share of the prompts to hold out, if no held-out file is given")]
    [Range(0, 0.9)]
    public double TestSplit { get; init; } = 0.1;

    [Description("updates between evaluations on held-out data; 0 for before and after only")]
    [Range(0, 1_000_000)]
    public int EvaluateEvery { get; init; } = 20;
}

/// <summary>The group of options of methods that hold the policy against a reference.</summary>
public sealed record ReferenceOptions
{
    [Description("use no reference model, as if it found all answers equally likely")]
    public bool ReferenceFree { get; init; }

    [Description(
        "compute the reference's log-probabilities once, before training, and store them in the run folder, "
            + "instead of running the reference in each update"
    )]
    public bool PrecomputeRefLogProbs { get; init; }
}
