using Attune.Core.Statistics.Comparisons;

namespace Attune.Core.Statistics.Regression;

/// <summary>How scores are made into probabilities, and how good they are.</summary>
public static class Recalibration
{
    /// <summary>Platt 1999: P(y = 1) = 1 / (1 + exp(A f + B)), with targets drawn in from 0 and 1.</summary>
    public static (double A, double B, double Loss) Platt(double[] scores, double[] outcomes)
    {
        var (ones, zeros) = (outcomes.Sum(), outcomes.Length - outcomes.Sum());
        double[] targets = [.. outcomes.Select(y => y == 1 ? (ones + 1) / (ones + 2) : 1 / (zeros + 2))];
        var fit = new LogisticRegression([.. scores.Select(s => new[] { s, 1 })], targets);
        return (-fit.Coefficients[0], -fit.Coefficients[1], -fit.LogLikelihood);
    }

    /// <summary>The T that fits σ(f / T) best (Guo et al. 2017).</summary>
    public static double Temperature(double[] scores, double[] outcomes) =>
        1 / new LogisticRegression([.. scores.Select(s => new[] { s })], outcomes).Coefficients[0];

    /// <summary>The T that fits softmax(z / T) best.</summary>
    public static double Temperature(double[][] logits, int[] labels) =>
        1
        / ChoiceModel
            .Fit(1, [.. logits.Zip(labels, (row, y) => new Choice(y, [.. row.Select(z => new (int, double)[] { (0, z) })]))])
            .Parameters[0];

    /// <summary>The intercept that scores need where their slope is right.</summary>
    public static double InTheLarge(double[] scores, double[] outcomes) =>
        new LogisticRegression([.. scores.Select(_ => new double[] { 1 })], outcomes, scores).Coefficients[0];

    /// <summary>Spiegelhalter 1986: a standard normal where the probabilities are right.</summary>
    public static double SpiegelhalterZ(double[] probabilities, double[] outcomes) =>
        probabilities.Zip(outcomes, (p, y) => (y - p) * (1 - (2 * p))).Sum()
        / Math.Sqrt(probabilities.Sum(p => Math.Pow(1 - (2 * p), 2) * p * (1 - p)));
}
