namespace Attune.Control.Preferences;

/// <summary>
/// The weight of an L2 penalty that keeps the loss on held-out labels between two multiples of the loss on the others (Christiano et al.
/// 2017, section 2.2.3: 1.1 and 1.5). Both losses are means over labels: of sums, the ratio would say how the labels were split.
/// </summary>
public static class AdaptivePenalty
{
    private const double Least = 1e-8;
    private const double Step = 1.1;

    /// <param name="weight">so far</param>
    /// <param name="trained">mean loss of a label that is trained on</param>
    /// <param name="held">mean loss of a held-out label</param>
    /// <param name="most">that the weight may become: with few labels held-out losses stay high, however heavy the penalty</param>
    public static double Next(double weight, double trained, double held, double leastRatio, double mostRatio, double most)
    {
        var ratio = held / trained;
        return ratio > mostRatio ? Math.Min(weight * Step, most)
            : ratio < leastRatio ? Math.Max(weight / Step, Least)
            : weight;
    }
}
