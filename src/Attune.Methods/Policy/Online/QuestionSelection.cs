using Attune.Core.Statistics;

namespace Attune.Methods.Policy.Online;

/// <summary>Which questions are asked.</summary>
public enum QuestionSelection
{
    Random,

    /// <summary>Those on which the members of the reward ensemble disagree most.</summary>
    Disagreement,
}

/// <summary>How much an ensemble of reward models disagrees about a question.</summary>
public static class EnsembleDisagreement
{
    /// <summary>
    /// How much the members of an ensemble disagree about which answer is best: the variance over members of each answer's probability of
    /// being preferred, summed over answers. For pairs, twice the variance that Christiano et al. 2017 (section 2.2.4) select by.
    /// </summary>
    /// <param name="rewards">[member][answer], in the unit in which the members were trained.</param>
    public static double Of(IReadOnlyList<double[]> rewards)
    {
        var chances = rewards.Select(Softmax).ToArray();
        return Enumerable.Range(0, chances[0].Length).Sum(answer => Moments.Of([.. chances.Select(c => c[answer])]).Variance);
    }

    /// <summary>Indices of the questions with the most disagreement, in ascending order.</summary>
    public static int[] Highest(IReadOnlyList<double> disagreements, int count) =>
        [.. Enumerable.Range(0, disagreements.Count).OrderByDescending(i => disagreements[i]).ThenBy(i => i).Take(count).Order()];

    private static double[] Softmax(double[] values)
    {
        var highest = values.Max();
        double[] weights = [.. values.Select(v => Math.Exp(v - highest))];
        var sum = weights.Sum();
        return [.. weights.Select(w => w / sum)];
    }
}
