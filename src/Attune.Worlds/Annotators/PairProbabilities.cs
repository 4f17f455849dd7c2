namespace Attune.Worlds.Annotators;

/// <summary>The chances of the three outcomes of a comparison; their sum is 1.</summary>
public readonly record struct PairProbabilities(double First, double Second)
{
    public double Tie => 1 - First - Second;

    /// <summary>
    /// Bradley and Terry (1952), with the ties of Rao and Kupper (1967): sigmoid((difference - band) / noise) for the first,
    /// sigmoid((-difference - band) / noise) for the second; then a share of the verdicts is reversed.
    /// </summary>
    /// <param name="difference">Utility of the first minus utility of the second.</param>
    public static PairProbabilities Of(double difference, double noise, double tieBand, double flipRate)
    {
        var first = Sigmoid(difference - tieBand, noise);
        var second = Sigmoid(-difference - tieBand, noise);
        return new PairProbabilities(Mix(first, second), Mix(second, first));

        double Mix(double kept, double reversed) => ((1 - flipRate) * kept) + (flipRate * reversed);
    }

    /// <summary>With no noise the step function, one half at 0.</summary>
    private static double Sigmoid(double difference, double noise) =>
        noise > 0 ? 1 / (1 + Math.Exp(-difference / noise))
        : difference > 0 ? 1
        : difference < 0 ? 0
        : 0.5;
}
