namespace Attune.Core.Statistics.Comparisons;

/// <summary>How a difference of strengths becomes a probability: log P(win) with its derivatives.</summary>
public abstract class PairLink
{
    /// <summary>Bradley and Terry 1952: the logistic function of the difference.</summary>
    public static readonly PairLink Logistic = new LogisticLink();

    /// <summary>Thurstone 1927, case V: the normal distribution function of the difference. Multiply strengths by √2 where each item's own
    /// variance is to be 1.</summary>
    public static readonly PairLink Probit = new ProbitLink();

    /// <summary>P(win) at a difference of strengths.</summary>
    public abstract double Probability(double difference);

    /// <summary>log P(win) and its first and second derivative.</summary>
    public abstract (double Value, double First, double Second) Log(double difference);

    /// <summary>The expected negative second derivative of one comparison's log-likelihood.</summary>
    public double Information(double difference)
    {
        var (win, lose) = (Log(difference), Log(-difference));
        return (Math.Exp(win.Value) * win.First * win.First) + (Math.Exp(lose.Value) * lose.First * lose.First);
    }

    private sealed class LogisticLink : PairLink
    {
        public override double Probability(double difference) => 1 / (1 + Math.Exp(-difference));

        public override (double Value, double First, double Second) Log(double difference)
        {
            var value = difference > 0 ? -Math.Log(1 + Math.Exp(-difference)) : difference - Math.Log(1 + Math.Exp(difference));
            var lose = 1 / (1 + Math.Exp(difference));
            return (value, lose, -lose * (1 - lose));
        }
    }

    private sealed class ProbitLink : PairLink
    {
        public override double Probability(double difference) => Distribution.NormalBelow(difference);

        public override (double Value, double First, double Second) Log(double difference)
        {
            if (difference < -35)
            {
                // The tail's expansion, where the probability is no longer a number.
                return ((-difference * difference / 2) - Math.Log(-difference * Math.Sqrt(2 * Math.PI)), -difference, -1);
            }

            var p = Distribution.NormalBelow(difference);
            var hazard = Distribution.NormalDensity(difference) / p;
            return (Math.Log(p), hazard, -hazard * (difference + hazard));
        }
    }
}
