namespace Attune.Core.Statistics.Comparisons;

/// <summary>How far strengths move where comparisons are left out (Cook and Weisberg 1982; Koh and Liang 2017).</summary>
public sealed class Influence
{
    private readonly int _items;
    private readonly double _alpha;
    private readonly IReadOnlyList<Comparison> _comparisons;

    public Influence(int items, IReadOnlyList<Comparison> comparisons, double alpha)
    {
        (_items, _comparisons, _alpha) = (items, comparisons, alpha);
        Fit = BradleyTerry.Fit(items, comparisons, alpha);
    }

    public StrengthFit Fit { get; }

    /// <summary>H⁻¹ ∇l with the sign of leaving out, H of all comparisons.</summary>
    public double[] FirstOrder(IReadOnlyCollection<int> left) => [.. -(Fit.Covariance * Part(left).Gradient)];

    /// <summary>One step of Newton's method without the comparisons: H of the others.</summary>
    public double[] NewtonStep(IReadOnlyCollection<int> left)
    {
        var part = Part(left);
        return [.. -(Newton.PseudoInverse(Fit.Penalised + part.Hessian) * part.Gradient)];
    }

    /// <summary>The fit without the comparisons less the fit with them.</summary>
    public double[] Exact(IReadOnlyCollection<int> left)
    {
        var gone = left.ToHashSet();
        var without = BradleyTerry.Fit(_items, [.. _comparisons.Where((_, i) => !gone.Contains(i))], _alpha);
        return [.. without.Strengths.Zip(Fit.Strengths, (a, b) => a - b)];
    }

    private Derivatives Part(IReadOnlyCollection<int> left) =>
        BradleyTerry.Evaluate(left.Select(i => _comparisons[i]), Fit.Strengths, PairLink.Logistic);
}
