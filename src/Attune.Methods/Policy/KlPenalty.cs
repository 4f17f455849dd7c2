namespace Attune.Methods.Policy;

/// <summary>The price of leaving the reference policy, and its controller.</summary>
public sealed class KlPenalty
{
    private readonly PolicyGradientOptions? _options;

    private KlPenalty() { }

    public KlPenalty(PolicyGradientOptions options) => (_options, Beta) = (options, options.KlCoefficient);

    /// <summary>No price: for methods that keep near the reference by other means.</summary>
    public static KlPenalty None => new();

    /// <summary>Reward paid for one nat.</summary>
    public double Beta { get; private set; }

    /// <summary>The reward of each answer token, penalty and marks together.</summary>
    public double[] Rewards(float[] logProbs, float[] referenceLogProbs, IEnumerable<(int Position, double Value)> marks) =>
        Ppo.Rewards(logProbs, referenceLogProbs, marks, Beta, _options?.KlEstimator ?? KlEstimator.K1);

    /// <summary>After a round of so many answers at this divergence.</summary>
    public void Observe(double kl, int answers)
    {
        if (_options is { KlController: KlController.Adaptive } adaptive)
        {
            Beta = Ppo.NextBeta(Beta, kl, adaptive.KlTarget, answers, adaptive.KlHorizon);
        }
    }

    public void Restore(double beta) => Beta = beta;
}
