namespace Attune.Core.Statistics.Agreement;

/// <summary>An intraclass correlation with its F test and 95% interval.</summary>
public sealed record IccFigure(double Value, double F, double Above, double Below, double Low, double High)
{
    public double P => Distribution.FisherAbove(F, Above, Below);
}

/// <summary>Intraclass correlations of complete ratings (Shrout and Fleiss 1979; intervals of McGraw and Wong 1996).</summary>
public sealed class IntraclassCorrelation
{
    private readonly double _n;
    private readonly double _k;

    /// <param name="scores">Row by row the ratings of a target, by the same raters.</param>
    public IntraclassCorrelation(double[][] scores)
    {
        (_n, _k) = (scores.Length, scores[0].Length);
        var grand = scores.Average(r => r.Average());
        var total = scores.Sum(r => r.Sum(v => Math.Pow(v - grand, 2)));
        var between = _k * scores.Sum(r => Math.Pow(r.Average() - grand, 2));
        var raters = _n * Enumerable.Range(0, scores[0].Length).Sum(j => Math.Pow(scores.Average(r => r[j]) - grand, 2));
        BetweenTargets = between / (_n - 1);
        WithinTargets = (total - between) / (_n * (_k - 1));
        BetweenRaters = raters / (_k - 1);
        Residual = (total - between - raters) / ((_n - 1) * (_k - 1));
    }

    public double BetweenTargets { get; }

    public double WithinTargets { get; }

    public double BetweenRaters { get; }

    public double Residual { get; }

    /// <summary>ICC(1,1): each target rated by other people.</summary>
    public IccFigure One => Single(WithinTargets, _n * (_k - 1));

    /// <summary>ICC(1,k).</summary>
    public IccFigure OneMean => Mean(WithinTargets, _n * (_k - 1));

    /// <summary>ICC(3,1), consistency: these raters and no others.</summary>
    public IccFigure Three => Single(Residual, (_n - 1) * (_k - 1));

    /// <summary>ICC(3,k).</summary>
    public IccFigure ThreeMean => Mean(Residual, (_n - 1) * (_k - 1));

    /// <summary>ICC(2,1), absolute agreement of raters drawn from many.</summary>
    public IccFigure Two
    {
        get
        {
            var (low, high) = TwoInterval();
            var value = (BetweenTargets - Residual) / (BetweenTargets + ((_k - 1) * Residual) + (_k * (BetweenRaters - Residual) / _n));
            return new IccFigure(value, BetweenTargets / Residual, _n - 1, (_n - 1) * (_k - 1), low, high);
        }
    }

    /// <summary>ICC(2,k).</summary>
    public IccFigure TwoMean
    {
        get
        {
            var (low, high) = TwoInterval();
            double Stepped(double r) => r * _k / (1 + (r * (_k - 1)));
            var value = (BetweenTargets - Residual) / (BetweenTargets + ((BetweenRaters - Residual) / _n));
            return Two with { Value = value, Low = Stepped(low), High = Stepped(high) };
        }
    }

    private IccFigure Single(double error, double below)
    {
        var (f, low, high) = Limits(error, below);
        return new IccFigure((f - 1) / (f + _k - 1), f, _n - 1, below, (low - 1) / (low + _k - 1), (high - 1) / (high + _k - 1));
    }

    private IccFigure Mean(double error, double below)
    {
        var (f, low, high) = Limits(error, below);
        return new IccFigure(1 - (1 / f), f, _n - 1, below, 1 - (1 / low), 1 - (1 / high));
    }

    private (double F, double Low, double High) Limits(double error, double below)
    {
        var f = BetweenTargets / error;
        return (f, f / Distribution.FisherQuantile(0.975, _n - 1, below), f * Distribution.FisherQuantile(0.975, below, _n - 1));
    }

    /// <summary>By Satterthwaite's degrees of freedom.</summary>
    private (double Low, double High) TwoInterval()
    {
        var r = (BetweenTargets - Residual) / (BetweenTargets + ((_k - 1) * Residual) + (_k * (BetweenRaters - Residual) / _n));
        var fj = BetweenRaters / Residual;
        var inner = (_k * r * fj) + (_n * (1 + ((_k - 1) * r))) - (_k * r);
        var below =
            (_k - 1)
            * (_n - 1)
            * inner
            * inner
            / (((_n - 1) * _k * _k * r * r * fj * fj) + Math.Pow((_n * (1 + ((_k - 1) * r))) - (_k * r), 2));
        var (up, down) = (Distribution.FisherQuantile(0.975, _n - 1, below), Distribution.FisherQuantile(0.975, below, _n - 1));
        var rest = (_k * BetweenRaters) + (((_k * _n) - _k - _n) * Residual);
        return (
            _n * (BetweenTargets - (up * Residual)) / ((up * rest) + (_n * BetweenTargets)),
            _n * ((down * BetweenTargets) - Residual) / (rest + (_n * down * BetweenTargets))
        );
    }
}
