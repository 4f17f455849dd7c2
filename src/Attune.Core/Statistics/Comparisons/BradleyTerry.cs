using MathNet.Numerics.LinearAlgebra;

namespace Attune.Core.Statistics.Comparisons;

/// <summary>Strengths fitted to comparisons.</summary>
/// <param name="Strengths">On the log scale, with sum 0 (a prior that is not centred excepted).</param>
/// <param name="LogLikelihood">Without binomial coefficients and without the prior.</param>
/// <param name="Information">The negative Hessian of the log-likelihood, without the prior.</param>
/// <param name="Alpha">The weight of Σ θ² that was added; 0 for maximum likelihood.</param>
public sealed record StrengthFit(double[] Strengths, double LogLikelihood, Matrix<double> Information, double Alpha, bool Converged)
{
    /// <summary>The covariance under a sum of zero, or of the posterior's normal approximation where there is a prior.</summary>
    public Matrix<double> Covariance => Newton.PseudoInverse(Penalised);

    /// <summary>The covariance of the other items' strengths where item 0 is held at 0.</summary>
    public Matrix<double> CovarianceAgainstFirst =>
        Penalised.SubMatrix(1, Information.RowCount - 1, 1, Information.ColumnCount - 1).Inverse();

    public double[] StandardErrors => Newton.Roots(Covariance);

    /// <summary>By the data's information between two inverses of the whole: how far the fit moves with the data at a fixed
    /// prior.</summary>
    public double[] SandwichErrors => Newton.Roots(Covariance * Information * Covariance);

    /// <summary>The number of parameters that the data decide rather than the prior: tr(I (I + 2α)⁻¹).</summary>
    public double EffectiveParameters => (Information * Covariance).Trace();

    /// <summary>What was minimised: -log-likelihood + α Σ θ².</summary>
    public double PenalisedLoss => -LogLikelihood + (Alpha * Strengths.Sum(s => s * s));

    /// <summary>The standard error of a difference of two strengths.</summary>
    public double DifferenceError(int i, int j) => Math.Sqrt(Covariance[i, i] + Covariance[j, j] - (2 * Covariance[i, j]));

    /// <summary>The negative Hessian of the log-likelihood with its prior.</summary>
    public Matrix<double> Penalised => Information + (2 * Alpha * Matrix<double>.Build.DenseIdentity(Information.RowCount));
}

/// <summary>Strengths of items from comparisons of two (Bradley and Terry 1952; Thurstone 1927).</summary>
public static class BradleyTerry
{
    /// <summary>Maximum likelihood, or with α &gt; 0 the most probable strengths under a normal prior of variance 1 / (2α).</summary>
    /// <param name="link">The logistic link unless another is given.</param>
    /// <param name="start">Where the search begins: strengths of a similar fit save steps.</param>
    /// <remarks>Ask <see cref="ComparisonGraph.HasFiniteMaximum"/> first where α = 0.</remarks>
    public static StrengthFit Fit(
        int items,
        IReadOnlyList<Comparison> comparisons,
        double alpha = 0,
        PairLink? link = null,
        double[]? start = null
    )
    {
        link ??= PairLink.Logistic;
        var found = Newton.Maximise(
            start ?? new double[items],
            theta =>
            {
                var at = Evaluate(comparisons, theta, link);
                var (ridge, pull) = (Matrix<double>.Build.DenseIdentity(items) * (2 * alpha), Vector<double>.Build.Dense(theta));
                return new Derivatives(at.Value - (alpha * (pull * pull)), at.Gradient - (2 * alpha * pull), at.Hessian - ridge);
            }
        );
        var last = Evaluate(comparisons, found.Parameters, link);
        var strengths = alpha == 0 ? Centred(found.Parameters) : found.Parameters;
        return new StrengthFit(strengths, last.Value, -last.Hessian, alpha, found.Converged);
    }

    /// <summary>
    /// The most probable strengths under a prior that adds c (θ - exp θ) for each item: gradient + c (1 - exp θ) = 0. With c = α it is what
    /// minorisation-maximisation regularised by α finds, with c = α n the stationary distribution of a Markov chain with α added to each
    /// rate (Hunter 2004; Maystre and Grossglauser 2015).
    /// </summary>
    public static double[] GammaPrior(int items, IReadOnlyList<Comparison> comparisons, double c)
    {
        var found = Newton.Maximise(
            new double[items],
            theta =>
            {
                var at = Evaluate(comparisons, theta, PairLink.Logistic);
                var grown = Vector<double>.Build.Dense([.. theta.Select(Math.Exp)]);
                return new Derivatives(
                    at.Value + (c * (theta.Sum() - grown.Sum())),
                    at.Gradient + (c * (1 - grown)),
                    at.Hessian - (c * Matrix<double>.Build.DiagonalOfDiagonalVector(grown))
                );
            }
        );
        return Centred(found.Parameters);
    }

    /// <summary>Where no finite maximum exists: the fits within the parts that have one, which are the limits of the differences
    /// there.</summary>
    public static IReadOnlyList<(int[] Items, StrengthFit Fit)> FitParts(int items, IReadOnlyList<Comparison> comparisons) =>
        [
            .. new ComparisonGraph(items, comparisons)
                .StrongComponents.Where(part => part.Length > 1)
                .Select(part => (part, Within(part, comparisons))),
        ];

    /// <summary>The log-likelihood of comparisons at given strengths.</summary>
    public static double LogLikelihood(IEnumerable<Comparison> comparisons, double[] theta) =>
        comparisons.Sum(c => c.Weight * PairLink.Logistic.Log(theta[c.Winner] - theta[c.Loser]).Value);

    /// <summary>The information that the fitted probabilities lead one to expect, rather than the observed one.</summary>
    public static Matrix<double> ExpectedInformation(IEnumerable<Comparison> comparisons, double[] theta, PairLink link)
    {
        var information = Matrix<double>.Build.Dense(theta.Length, theta.Length);
        foreach (var (winner, loser, weight) in comparisons)
        {
            AddPair(information, winner, loser, weight * link.Information(theta[winner] - theta[loser]));
        }

        return information;
    }

    /// <summary>The log-likelihood with its derivatives.</summary>
    public static Derivatives Evaluate(IEnumerable<Comparison> comparisons, double[] theta, PairLink link)
    {
        var (sum, at) = (0.0, Derivatives.Zero(theta.Length));
        foreach (var (winner, loser, weight) in comparisons)
        {
            var (value, first, second) = link.Log(theta[winner] - theta[loser]);
            sum += weight * value;
            at.Gradient[winner] += weight * first;
            at.Gradient[loser] -= weight * first;
            AddPair(at.Hessian, winner, loser, weight * second);
        }

        return at with
        {
            Value = sum,
        };
    }

    internal static double[] Centred(double[] theta) => [.. theta.Select(t => t - theta.Average())];

    private static StrengthFit Within(int[] part, IReadOnlyList<Comparison> comparisons)
    {
        var place = part.Index().ToDictionary(p => p.Item, p => p.Index);
        return Fit(
            part.Length,
            [
                .. comparisons
                    .Where(c => place.ContainsKey(c.Winner) && place.ContainsKey(c.Loser))
                    .Select(c => new Comparison(place[c.Winner], place[c.Loser], c.Weight)),
            ]
        );
    }

    private static void AddPair(Matrix<double> matrix, int i, int j, double amount)
    {
        matrix[i, i] += amount;
        matrix[j, j] += amount;
        matrix[i, j] -= amount;
        matrix[j, i] -= amount;
    }
}
