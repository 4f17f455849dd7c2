using Attune.Core;

namespace Attune.Control.Tamer;

/// <summary>When a step was on the screen, in seconds.</summary>
/// <param name="End">Infinite while it lasts.</param>
public readonly record struct StepTime(double Start, double End);

/// <summary>
/// Which steps a trainer's feedback was meant for: people answer a few tenths of a second after what they judge. A step's credit is the
/// probability that the delay fell within it, c = F(t - start) - F(t - end), where F is the delay's distribution (Knox and Stone 2009).
/// </summary>
public abstract record CreditAssignment
{
    /// <summary>All credit to the step on the screen.</summary>
    public static CreditAssignment Immediate { get; } = new ByPlace(0, "immediate");

    /// <summary>All credit to the step before the one on the screen.</summary>
    public static CreditAssignment PreviousStep { get; } = new ByPlace(1, "previous-step");

    /// <summary>Delays of <paramref name="from"/> to <paramref name="to"/> seconds, all as likely.</summary>
    public static CreditAssignment Uniform(double from = 0.2, double to = 0.8) =>
        from >= 0 && to > from
            ? new ByDelay(
                delay => Math.Clamp((delay - from) / (to - from), 0, 1),
                to,
                FormattableString.Invariant($"uniform {from}-{to} s")
            )
            : throw new AttuneException(FormattableString.Invariant($"a window of {from} to {to} s; expected 0 <= from < to."));

    /// <summary>Delays with a gamma distribution.</summary>
    /// <param name="scale">s; the mean is shape times scale</param>
    public static CreditAssignment Gamma(double shape = 2, double scale = 0.28) =>
        shape > 0 && scale > 0
            ? new ByDelay(
                delay => GammaDistribution.Cumulative(delay / scale, shape),
                scale * (shape + 40),
                FormattableString.Invariant($"gamma shape {shape} scale {scale} s")
            )
            : throw new AttuneException(
                FormattableString.Invariant($"a gamma of shape {shape} and scale {scale} s; expected both above 0.")
            );

    /// <summary>For logs.</summary>
    public abstract string Name { get; }

    /// <summary>Each step's credit for feedback at a time; they sum to at most 1.</summary>
    /// <param name="steps">of an episode, in order</param>
    /// <param name="time">s</param>
    public abstract IEnumerable<(int Step, double Credit)> Assign(IReadOnlyList<StepTime> steps, double time);

    private sealed record ByPlace(int Before, string Called) : CreditAssignment
    {
        public override string Name => Called;

        public override IEnumerable<(int Step, double Credit)> Assign(IReadOnlyList<StepTime> steps, double time)
        {
            var present = steps.Count - 1;
            while (present >= 0 && steps[present].Start > time)
            {
                present--;
            }

            return present >= Before ? [(present - Before, 1.0)] : [];
        }
    }

    private sealed record ByDelay(Func<double, double> Cumulative, double Longest, string Called) : CreditAssignment
    {
        public override string Name => Called;

        public override IEnumerable<(int Step, double Credit)> Assign(IReadOnlyList<StepTime> steps, double time)
        {
            for (var i = steps.Count - 1; i >= 0 && time - steps[i].End < Longest; i--)
            {
                var credit = Cumulative(Math.Max(0, time - steps[i].Start)) - Cumulative(Math.Max(0, time - steps[i].End));
                if (credit > 0)
                {
                    yield return (i, credit);
                }
            }
        }
    }
}
