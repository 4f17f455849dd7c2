namespace Attune.Core.Statistics.Comparisons;

/// <summary>
/// What <see cref="BradleyTerry.Fit"/> finds with the logistic link and a prior, on plain arrays and without errors: simulations and
/// expectation-maximisation ask for thousands of fits of a few items.
/// </summary>
public static class RidgeStrengths
{
    private const int MostSteps = 100;

    /// <param name="wins">Row over column.</param>
    /// <param name="alpha">The weight of Σ θ², more than 0.</param>
    /// <param name="start">Where the search begins; zeros unless given.</param>
    public static double[] Fit(double[,] wins, double alpha, double[]? start = null)
    {
        var items = wins.GetLength(0);
        double[] theta = start is null ? new double[items] : [.. start];
        var (move, hessian, next) = (new double[items], new double[items, items], new double[items]);
        for (var step = 0; step < MostSteps; step++)
        {
            var here = Evaluate(wins, alpha, theta, move, hessian);
            Cholesky.Solve(hessian, move);
            // Newton's step, halved while it overshoots.
            for (var scale = 1.0; scale > 1e-10; scale /= 2)
            {
                for (var i = 0; i < items; i++)
                {
                    next[i] = theta[i] + (scale * move[i]);
                }

                if (Value(wins, alpha, next) >= here - (1e-13 * (1 + Math.Abs(here))))
                {
                    (theta, next) = (next, theta);
                    break;
                }
            }

            if (move.Max(Math.Abs) < 1e-10)
            {
                break;
            }
        }

        return theta;
    }

    /// <summary>G²: twice what one probability for each pair gains over the strengths.</summary>
    public static double Deviance(double[,] wins, double[] theta)
    {
        static double Entropy(double count, double of) => count == 0 ? 0 : count * Math.Log(count / of);
        var sum = 0.0;
        for (var i = 0; i < theta.Length; i++)
        {
            for (var j = i + 1; j < theta.Length; j++)
            {
                var (won, lost) = (wins[i, j], wins[j, i]);
                sum += Entropy(won, won + lost) + Entropy(lost, won + lost) - Likelihood(won, lost, theta[i] - theta[j]);
            }
        }

        return 2 * sum;
    }

    private static double Likelihood(double won, double lost, double d)
    {
        var value = d > 0 ? -Math.Log(1 + Math.Exp(-d)) : d - Math.Log(1 + Math.Exp(d));
        return (won * value) + (lost * (value - d));
    }

    private static double Value(double[,] wins, double alpha, double[] theta)
    {
        var sum = 0.0;
        for (var i = 0; i < theta.Length; i++)
        {
            sum -= alpha * theta[i] * theta[i];
            for (var j = i + 1; j < theta.Length; j++)
            {
                sum += Likelihood(wins[i, j], wins[j, i], theta[i] - theta[j]);
            }
        }

        return sum;
    }

    /// <summary>The penalised log-likelihood; its gradient and negative Hessian are written.</summary>
    private static double Evaluate(double[,] wins, double alpha, double[] theta, double[] gradient, double[,] hessian)
    {
        for (var i = 0; i < theta.Length; i++)
        {
            (gradient[i], hessian[i, i]) = (-2 * alpha * theta[i], 2 * alpha);
        }

        for (var i = 0; i < theta.Length; i++)
        {
            for (var j = i + 1; j < theta.Length; j++)
            {
                var judged = wins[i, j] + wins[j, i];
                var p = 1 / (1 + Math.Exp(theta[j] - theta[i]));
                var (missed, weight) = (wins[i, j] - (judged * p), judged * p * (1 - p));
                gradient[i] += missed;
                gradient[j] -= missed;
                hessian[i, i] += weight;
                hessian[j, j] += weight;
                hessian[i, j] = -weight;
                hessian[j, i] = -weight;
            }
        }

        return Value(wins, alpha, theta);
    }
}
