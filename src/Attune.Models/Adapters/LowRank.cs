using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Attune.Models.Adapters;

/// <summary>What an adapter adds to some rows of a linear map.</summary>
/// <param name="Magnitude">[rows], with DoRA; else null.</param>
/// <param name="Squares">[rows] float32, of the base's rows, with DoRA.</param>
internal sealed record LowRank(AdapterSite Site, Parameter A, Parameter B, Parameter? Magnitude, Tensor? Squares, Adapter Owner)
{
    internal double Scale => Owner.Config.Scale;

    internal Tensor? GradientOf(string part) => Owner.Weights.GradientOf($"{Site.Module}.{part}");

    /// <summary>scale B A, float32.</summary>
    internal Tensor Product() => B.to(ScalarType.Float32).mm(A.to(ScalarType.Float32)).mul(Scale);

    /// <summary>
    /// DoRA's divisor: the length of each row of W + scale B A, from |w|^2 + 2 scale (w A^T) b + scale^2 b (A A^T) b, without the sum in
    /// memory. It is a constant to the gradient (Liu et al. 2024, section 4.3).
    /// </summary>
    /// <param name="ofBase">[r, outputs]: A W^T</param>
    /// <returns>[rows], float32</returns>
    internal Tensor RowNorms(Tensor ofBase)
    {
        var (a, b) = (A.to(ScalarType.Float32), B.to(ScalarType.Float32));
        var mixed = ofBase.narrow(1, Site.FirstRow, Site.Rows).to(ScalarType.Float32).t().mul(b).sum(1);
        var own = b.mm(a.mm(a.t())).mul(b).sum(1);
        return (Squares! + mixed * (2 * Scale) + own * (Scale * Scale)).clamp_min(1e-24).sqrt();
    }
}
