using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>
/// Psi of Psi-PO: an increasing function of the probability that one answer is preferred to another. What a pair tells is its odd part,
/// Phi(p) = (Psi(p) - Psi(1 - p)) / 2; the even part is the same for both answers.
/// </summary>
public abstract class Psi
{
    private Psi() { }

    /// <summary>Psi(p) = p: IPO.</summary>
    public static Psi Identity { get; } = new OfIdentity();

    /// <summary>Psi(p) = log(p / (1 - p)): DPO, and RLHF on a Bradley-Terry reward.</summary>
    public static Psi LogOdds { get; } = new OfLogOdds();

    /// <summary>
    /// Psi(p) = the normal quantile of p: as log-odds, with Thurstone's model of choice (1927) in place of Bradley and Terry's.
    /// </summary>
    public static Psi Probit { get; } = new OfProbit();

    /// <summary>Any increasing function on (0, 1). Inverse and integral are found numerically, in float64.</summary>
    public static Psi From(Func<double, double> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new OfFunction(function);
    }

    /// <summary>Psi(p).</summary>
    public abstract double Of(double p);

    /// <summary>Phi(p), odd about 1/2.</summary>
    public double Odd(double p) => (Of(p) - Of(1 - p)) / 2;

    /// <summary>An integral of Phi's inverse: convex, with Potential'(s) the probability p at which Phi(p) = s.</summary>
    /// <param name="scores">any shape</param>
    public abstract Tensor Potential(Tensor scores);

    private sealed class OfIdentity : Psi
    {
        public override double Of(double p) => p;

        // The inverse s + 1/2 goes on beyond [0, 1]: that is what makes the pull back to the goal of IPO.
        public override Tensor Potential(Tensor scores) => (scores + 0.5).square() / 2;
    }

    private sealed class OfLogOdds : Psi
    {
        public override double Of(double p) => Math.Log(p / (1 - p));

        public override Tensor Potential(Tensor scores) => -nn.functional.logsigmoid(-scores);
    }

    private sealed class OfProbit : Psi
    {
        public override double Of(double p)
        {
            using var scope = NewDisposeScope();
            return Math.Sqrt(2) * tensor(2 * p - 1).erfinv().ToDouble();
        }

        // The integral of the normal distribution function N is s N(s) + N'(s).
        public override Tensor Potential(Tensor scores) =>
            scores * (1 + (scores / Math.Sqrt(2)).erf()) / 2 + (-scores.square() / 2).exp() / Math.Sqrt(2 * Math.PI);
    }

    private sealed class OfFunction(Func<double, double> function) : Psi
    {
        // The ends themselves may be infinite, as for log-odds.
        private const double Edge = 1e-9;
        private const int Intervals = 64;

        public override double Of(double p) => function(p);

        public override Tensor Potential(Tensor scores)
        {
            using var scope = NewDisposeScope();
            var plain = scores.detach().to(ScalarType.Float64).cpu().reshape(-1).data<double>().ToArray();
            var values = tensor(Array.ConvertAll(plain, Integral)).to(scores.dtype).to(scores.device).reshape(scores.shape);
            var slopes = tensor(Array.ConvertAll(plain, Inverse)).to(scores.dtype).to(scores.device).reshape(scores.shape);
            // Value from the numbers, gradient from the inverse.
            return (values + slopes * (scores - scores.detach())).MoveToOuterDisposeScope();
        }

        /// <summary>Bisection; beyond the ends the inverse goes on straight, with the slope it has there.</summary>
        private double Inverse(double score)
        {
            var (low, high) = (Edge, 1 - Edge);
            if (Math.Abs(score) >= Odd(high))
            {
                var slope = 1e-6 / (Odd(high) - Odd(high - 1e-6));
                return 0.5 + Math.Sign(score) * (high - 0.5 + slope * (Math.Abs(score) - Odd(high)));
            }

            for (var i = 0; i < 60; i++)
            {
                var middle = (low + high) / 2;
                (low, high) = Odd(middle) < score ? (middle, high) : (low, middle);
            }

            return (low + high) / 2;
        }

        /// <summary>From 0 to the score, by Simpson's rule.</summary>
        private double Integral(double score)
        {
            var width = score / Intervals;
            var sum = Inverse(0) + Inverse(score);
            for (var i = 1; i < Intervals; i++)
            {
                sum += (i % 2 == 1 ? 4 : 2) * Inverse(i * width);
            }

            return sum * width / 3;
        }
    }
}
