namespace Attune.Methods.Process;

/// <summary>What the label of a step is, where it is found by going on from the step.</summary>
public enum RolloutEstimate
{
    /// <summary>The share of the continuations that end right.</summary>
    Soft,

    /// <summary>Right where any continuation ends right.</summary>
    Hard,
}

/// <summary>
/// Labels of steps without people (Math-Shepherd: Wang et al. 2023, arXiv:2312.08935): a step is as good as what can be made of it.
/// </summary>
public static class RolloutLabels
{
    /// <summary>The label of a step from how its continuations end.</summary>
    /// <param name="right">How many of them end with the right answer.</param>
    /// <param name="count">All, at least one.</param>
    /// <returns>-1 wrong to 1 right; the share p becomes 2 p - 1, the label whose class good has the probability p.</returns>
    public static double Of(int right, int count, RolloutEstimate estimate) =>
        estimate == RolloutEstimate.Hard ? (right > 0 ? 1 : -1) : (2.0 * right / count) - 1;
}
