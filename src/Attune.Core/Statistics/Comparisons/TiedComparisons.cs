namespace Attune.Core.Statistics.Comparisons;

/// <summary>A model of wins and ties.</summary>
/// <param name="Tie">The logarithm of the parameter of ties: ν of Davidson, η of Rao and Kupper.</param>
/// <param name="TieError">The standard error of the logarithm.</param>
public sealed record TieFit(double[] Strengths, double[] StrengthErrors, double Tie, double TieError, double LogLikelihood);

/// <summary>Strengths where two items may also be judged alike.</summary>
public static class TiedComparisons
{
    /// <summary>Davidson 1970: P(i wins) ∝ π_i, P(tie) ∝ ν √(π_i π_j).</summary>
    /// <param name="ties">Pairs that were judged alike; which is called winner does not matter.</param>
    public static TieFit Davidson(int items, IReadOnlyList<Comparison> wins, IReadOnlyList<Comparison> ties)
    {
        IReadOnlyList<(int, double)[]> Options(Comparison c) =>
            [
                [(c.Winner, 1)],
                [(c.Loser, 1)],
                [(c.Winner, 0.5), (c.Loser, 0.5), (items, 1)],
            ];
        var found = ChoiceModel.Fit(
            items + 1,
            [.. wins.Select(w => new Choice(0, Options(w), w.Weight)), .. ties.Select(t => new Choice(2, Options(t), t.Weight))]
        );
        return Result(items, found);
    }

    /// <summary>Rao and Kupper 1967: P(i wins) = σ(θ_i - θ_j - η), a tie where the difference is within the threshold η.</summary>
    public static TieFit RaoKupper(int items, IReadOnlyList<Comparison> wins, IReadOnlyList<Comparison> ties)
    {
        var found = Newton.Maximise(
            [.. new double[items], Math.Log(0.5)],
            at =>
            {
                var eta = Math.Exp(at[items]);
                var (sum, all) = (0.0, Derivatives.Zero(items + 1));
                foreach (
                    var (one, other, weight, tied) in wins.Select(w => (w.Winner, w.Loser, w.Weight, false))
                        .Concat(ties.Select(t => (t.Winner, t.Loser, t.Weight, true)))
                )
                {
                    var difference = at[one] - at[other];
                    var term = tied ? Tied(difference, eta) : Won(difference, eta);
                    sum += weight * term.Value;
                    Add(all, one, other, items, weight, term, eta);
                }

                return all with
                {
                    Value = sum,
                };
            }
        );
        return Result(items, found);
    }

    private static TieFit Result(int items, Maximum found)
    {
        var errors = found.StandardErrors;
        return new TieFit(
            BradleyTerry.Centred(found.Parameters[..items]),
            errors[..items],
            found.Parameters[items],
            errors[items],
            found.Value
        );
    }

    private readonly record struct Term(double Value, double D, double E, double DD, double DE, double EE);

    private static Term Won(double difference, double eta)
    {
        var (value, first, second) = PairLink.Logistic.Log(difference - eta);
        return new Term(value, first, -first, second, -second, second);
    }

    /// <summary>log(σ(η - d) - σ(-η - d)) and its derivatives by d and η.</summary>
    private static Term Tied(double difference, double eta)
    {
        var (upper, lower) = (PairLink.Logistic.Probability(eta - difference), PairLink.Logistic.Probability(-eta - difference));
        var (a, b) = (upper * (1 - upper), lower * (1 - lower));
        var (a2, b2) = (a * (1 - (2 * upper)), b * (1 - (2 * lower)));
        var p = upper - lower;
        var (d, e) = ((b - a) / p, (a + b) / p);
        return new Term(Math.Log(p), d, e, ((a2 - b2) / p) - (d * d), ((-a2 - b2) / p) - (d * e), ((a2 - b2) / p) - (e * e));
    }

    /// <summary>In the strengths and in log η, by the chain rule.</summary>
    private static void Add(Derivatives all, int one, int other, int tie, double weight, Term term, double eta)
    {
        (int Parameter, double Sign)[] sides = [(one, 1), (other, -1)];
        foreach (var (a, x) in sides)
        {
            all.Gradient[a] += weight * x * term.D;
            all.Hessian[a, tie] += weight * x * term.DE * eta;
            all.Hessian[tie, a] += weight * x * term.DE * eta;
            foreach (var (b, y) in sides)
            {
                all.Hessian[a, b] += weight * x * y * term.DD;
            }
        }

        all.Gradient[tie] += weight * term.E * eta;
        all.Hessian[tie, tie] += weight * ((term.EE * eta * eta) + (term.E * eta));
    }
}
