using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Methods.Policy;

/// <summary>The group of options that rewards entropy: a fixed coefficient, or one that is steered towards a target.</summary>
public sealed record EntropyOptions
{
    [Description("weight of the entropy bonus: the mean entropy of the next-token distributions, subtracted from the loss; 0 for none")]
    [Range(0, 100)]
    public double EntropyCoefficient { get; init; }

    [Description(
        "steer the coefficient so that the entropy does not fall below this many nats a token (Skywork-OR1); default: a fixed coefficient"
    )]
    [Range(0, 100)]
    public double? EntropyTarget { get; init; }

    [Description("adaptive only: change of the coefficient after each round")]
    [Range(0, 1)]
    public double EntropyStep { get; init; } = 0.005;

    [Description("adaptive only: largest coefficient")]
    [Range(0, 100)]
    public double EntropyCoefficientMax { get; init; } = 1;

    /// <summary>Whether a bonus may ever be paid.</summary>
    internal bool IsUsed => EntropyCoefficient > 0 || EntropyTarget is not null;

    /// <summary>The coefficient that the next step uses: a step up where the entropy lies below the target, else a step down.</summary>
    /// <param name="entropy">measured with the present coefficient, nats a token</param>
    public double Next(double coefficient, double entropy) =>
        EntropyTarget is { } target
            ? Math.Clamp(coefficient + (entropy < target ? EntropyStep : -EntropyStep), 0, EntropyCoefficientMax)
            : coefficient;

    /// <summary>What is paid for a nat: nothing where a target is met already.</summary>
    public double Paid(double coefficient, double entropy) => EntropyTarget is { } target && entropy > target ? 0 : coefficient;
}
