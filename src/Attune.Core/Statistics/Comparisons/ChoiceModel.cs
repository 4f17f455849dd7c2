using MathNet.Numerics.LinearAlgebra;

namespace Attune.Core.Statistics.Comparisons;

/// <summary>One option was chosen of several.</summary>
/// <param name="Chosen">The option's number, from 0.</param>
/// <param name="Options">What each option's utility is made of: parameters and the amounts that they enter with.</param>
public sealed record Choice(int Chosen, IReadOnlyList<(int Parameter, double Amount)[]> Options, double Weight = 1);

/// <summary>
/// The conditional logit (Luce 1959; McFadden 1974): P(option) ∝ exp(utility), with utilities linear in the parameters. Bradley and Terry,
/// Plackett and Luce, Davidson's ties, effects of position and logistic regression are cases of it.
/// </summary>
public static class ChoiceModel
{
    /// <param name="alpha">The weight of Σ β², subtracted from the log-likelihood.</param>
    public static Maximum Fit(int parameters, IReadOnlyList<Choice> choices, double alpha = 0) =>
        Newton.Maximise(
            new double[parameters],
            beta =>
            {
                var at = Evaluate(choices, beta);
                var pull = Vector<double>.Build.Dense(beta);
                return new Derivatives(
                    at.Value - (alpha * (pull * pull)),
                    at.Gradient - (2 * alpha * pull),
                    at.Hessian - (2 * alpha * Matrix<double>.Build.DenseIdentity(parameters))
                );
            }
        );

    public static double LogLikelihood(IReadOnlyList<Choice> choices, double[] beta) => Evaluate(choices, beta).Value;

    /// <summary>The log-likelihood with its derivatives: the gradient is what was chosen less what was expected, the Hessian the negative
    /// covariance of the options' features.</summary>
    public static Derivatives Evaluate(IReadOnlyList<Choice> choices, double[] beta)
    {
        var (sum, at) = (0.0, Derivatives.Zero(beta.Length));
        foreach (var choice in choices)
        {
            double[] utility = [.. choice.Options.Select(o => o.Sum(f => f.Amount * beta[f.Parameter]))];
            var most = utility.Max();
            var total = utility.Sum(u => Math.Exp(u - most));
            sum += choice.Weight * (utility[choice.Chosen] - most - Math.Log(total));
            Add(at, choice, [.. utility.Select(u => Math.Exp(u - most) / total)]);
        }

        return at with
        {
            Value = sum,
        };
    }

    private static void Add(Derivatives at, Choice choice, double[] probability)
    {
        var mean = new Dictionary<int, double>();
        foreach (var (option, p) in choice.Options.Zip(probability))
        {
            foreach (var (a, x) in option)
            {
                mean[a] = mean.GetValueOrDefault(a) + (p * x);
                foreach (var (b, y) in option)
                {
                    at.Hessian[a, b] -= choice.Weight * p * x * y;
                }
            }
        }

        foreach (var (a, x) in choice.Options[choice.Chosen])
        {
            at.Gradient[a] += choice.Weight * x;
        }

        foreach (var (a, x) in mean)
        {
            at.Gradient[a] -= choice.Weight * x;
            foreach (var (b, y) in mean)
            {
                at.Hessian[a, b] += choice.Weight * x * y;
            }
        }
    }
}
