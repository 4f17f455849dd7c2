using TorchSharp;

namespace Attune.Numerics;

/// <summary>
/// Estimators of KL(pi || pi_ref) from one sample of pi (Schulman 2020, "Approximating KL divergence").
/// Argument: log pi(y) - log pi_ref(y), nats.
/// </summary>
public static class Divergence
{
    /// <summary>Unbiased; a single sample can be negative.</summary>
    public static double K1(double logRatio) => logRatio;

    /// <summary>Biased, never negative, low variance near zero.</summary>
    public static double K2(double logRatio) => logRatio * logRatio / 2;

    /// <summary>Unbiased and never negative: exp(-x) - 1 + x.</summary>
    public static double K3(double logRatio) =>
        Math.Abs(logRatio) < SeriesBelow ? logRatio * logRatio / 2 * (1 - logRatio / 3) : Math.Exp(-logRatio) - 1 + logRatio;

    /// <summary>KL(softmax(logits) || softmax(reference)), row by row.</summary>
    /// <param name="logits">[rows, vocabulary]</param>
    /// <param name="reference">[rows, vocabulary]</param>
    /// <returns>[rows], nats</returns>
    public static torch.Tensor Full(torch.Tensor logits, torch.Tensor reference)
    {
        reference.Require(logits.shape);
        using var scope = torch.NewDisposeScope();
        var logProbs = logits.to(torch.ScalarType.Float32).log_softmax(-1);
        var difference = logProbs - reference.to(torch.ScalarType.Float32).log_softmax(-1);
        return (logProbs.exp() * difference).sum(-1).MoveToOuterDisposeScope();
    }

    // Near 0 the plain form loses every digit, and its sign with them.
    private const double SeriesBelow = 1e-4;
}
