namespace Attune.Data.Judging;

/// <summary>Probabilities in place of verdicts (Bai et al. 2022, arXiv:2212.08073, section 4.1).</summary>
public static class SoftLabels
{
    /// <summary>The range to which probabilities after a chain of thought are clamped: such a model is too sure of itself.</summary>
    public const double LeastThought = 0.4,
        MostThought = 0.6;

    /// <summary>P(first) of two options, from their log-probabilities: exp(first) / (exp(first) + exp(second)).</summary>
    /// <param name="first">Nats.</param>
    /// <param name="second">Nats.</param>
    public static double OfLogProbs(double first, double second) => 1 / (1 + Math.Exp(second - first));

    /// <summary>
    /// The mean over both orders (Lee et al. 2023, arXiv:2309.00267, section 3.1): what the position alone adds cancels.
    /// </summary>
    /// <param name="shown">P(the first shown is better), a before b.</param>
    /// <param name="reversed">The same, b before a.</param>
    /// <returns>P(a is better)</returns>
    public static double BothOrders(double shown, double reversed) => (shown + (1 - reversed)) / 2;

    /// <summary>A probability after a chain of thought, clamped.</summary>
    public static double Clamp(double probability) => Math.Clamp(probability, LeastThought, MostThought);
}
