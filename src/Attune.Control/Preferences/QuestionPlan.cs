namespace Attune.Control.Preferences;

/// <summary>How many questions are asked when. The sum is the budget, exactly.</summary>
public static class QuestionPlan
{
    /// <summary>Questions of each round: a share at once, the rest by weight, by the largest remainders.</summary>
    /// <param name="total">the budget</param>
    /// <param name="atOnce">share in the first round; one question at least, where there are any</param>
    /// <param name="weights">[round after the first]; where there is none, all are asked at once</param>
    /// <returns>[1 + rounds after the first]</returns>
    public static int[] Counts(int total, double atOnce, IReadOnlyList<double> weights)
    {
        var first = weights.Count == 0 ? total : Math.Clamp((int)(total * atOnce), Math.Min(1, total), total);
        var sum = weights.Sum();
        var exact = weights.Select(w => (total - first) * w / sum).ToArray();
        var counts = Array.ConvertAll(exact, e => (int)e);
        var missing = total - first - counts.Sum();
        foreach (var i in Enumerable.Range(0, counts.Length).OrderByDescending(i => exact[i] - counts[i]).Take(missing))
        {
            counts[i]++;
        }

        return [first, .. counts];
    }

    /// <summary>
    /// The rate after so many steps, relative to the first: h / (h + steps). Christiano et al. 2017 (appendix A.1) took h = 2,000,000 for
    /// runs in MuJoCo.
    /// </summary>
    /// <param name="half">steps after which half as many are asked</param>
    public static double Rate(double steps, double half) => half / (half + steps);
}
