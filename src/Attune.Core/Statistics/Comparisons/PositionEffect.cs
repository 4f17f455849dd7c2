namespace Attune.Core.Statistics.Comparisons;

/// <summary>Bradley and Terry with an advantage of what is shown first: logit P(first wins) = θ_first - θ_second + δ.</summary>
/// <param name="Delta">The advantage, in log-odds.</param>
/// <param name="DeltaError">Its standard error.</param>
/// <param name="LogLikelihoodWithout">Of the fit with δ = 0.</param>
public sealed record PositionEffect(
    double[] Strengths,
    double[] StrengthErrors,
    double Delta,
    double DeltaError,
    double LogLikelihood,
    double LogLikelihoodWithout
)
{
    /// <summary>Wald's statistic, a standard normal where there is no effect.</summary>
    public double Z => Delta / DeltaError;

    public double WaldP => Distribution.NormalTwoSided(Z);

    /// <summary>Twice the log-likelihood ratio, a χ² of one degree where there is no effect.</summary>
    public double Ratio => 2 * (LogLikelihood - LogLikelihoodWithout);

    public double RatioP => Distribution.ChiSquareAbove(Ratio, 1);

    public (double Low, double High) Interval =>
        (Delta - (Distribution.Normal975 * DeltaError), Delta + (Distribution.Normal975 * DeltaError));

    /// <param name="rows">Pairs as shown, with how often each side won.</param>
    public static PositionEffect Of(int items, IReadOnlyList<(int First, int Second, double FirstWins, double SecondWins)> rows)
    {
        Choice Won(int side, int first, int second, double wins) =>
            new(
                side,
                [
                    [(first, 1.0), (items, 1.0)],
                    [(second, 1.0)],
                ],
                wins
            );
        Choice[] choices =
        [
            .. rows.SelectMany(r => new[] { Won(0, r.First, r.Second, r.FirstWins), Won(1, r.First, r.Second, r.SecondWins) })
                .Where(c => c.Weight > 0),
        ];
        var found = ChoiceModel.Fit(items + 1, choices);
        var errors = found.StandardErrors;
        var without = BradleyTerry.Fit(
            items,
            [.. rows.SelectMany(r => new Comparison[] { new(r.First, r.Second, r.FirstWins), new(r.Second, r.First, r.SecondWins) })]
        );
        return new PositionEffect(
            BradleyTerry.Centred(found.Parameters[..items]),
            errors[..items],
            found.Parameters[items],
            errors[items],
            found.Value,
            without.LogLikelihood
        );
    }
}
