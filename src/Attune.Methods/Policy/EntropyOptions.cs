using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Numerics;
using static TorchSharp.torch;

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

    /// <summary>What a round pays for a nat of entropy; the coefficient becomes the next round's.</summary>
    /// <param name="answers">with their entropies, where a target is given</param>
    internal double Advance(ref double coefficient, IReadOnlyList<ScoredAnswer> answers, Metrics measured)
    {
        if (EntropyCoefficient == 0 && EntropyTarget is null)
        {
            return 0;
        }

        var present = coefficient;
        measured.Set("objective/entropy_coef", present);
        if (EntropyTarget is null)
        {
            return present;
        }

        var entropy = answers.SelectMany(a => a.Entropy).Average(e => (double)e);
        coefficient = Next(present, entropy);
        return Paid(present, entropy);
    }

    /// <summary>Entropy of the distribution that each token was drawn from; [tokens], nats, with gradient.</summary>
    /// <param name="states">[tokens, width], of the policy's trunk</param>
    internal static Tensor Of(LanguageModel policy, Tensor states, double temperature)
    {
        using var scope = NewDisposeScope();
        return LogProbs.Entropy(policy.Logits(states) / temperature).MoveToOuterDisposeScope();
    }

    /// <summary>The coefficient that the next step uses: a step up where the entropy lies below the target, else a step down.</summary>
    /// <param name="entropy">measured with the present coefficient, nats a token</param>
    public double Next(double coefficient, double entropy) =>
        EntropyTarget is { } target
            ? Math.Clamp(coefficient + (entropy < target ? EntropyStep : -EntropyStep), 0, EntropyCoefficientMax)
            : coefficient;

    /// <summary>What is paid for a nat: nothing where a target is met already.</summary>
    public double Paid(double coefficient, double entropy) => EntropyTarget is { } target && entropy > target ? 0 : coefficient;
}
