using Attune.Control.Tamer;
using Attune.Core;
using CsCheck;

namespace Attune.Control.Tests.Tamer;

public sealed class CreditAssignmentTests
{
    /// <summary>Steps of 0.15 s; the last is on the screen.</summary>
    private static readonly StepTime[] Steps =
    [
        .. Enumerable.Range(0, 7).Select(i => new StepTime(i * 0.15, i < 6 ? (i + 1) * 0.15 : double.PositiveInfinity)),
    ];

    /// <summary>
    /// Feedback at 1 s, a window of 0.2 to 0.8 s: what was on the screen from 0.2 to 0.8 s. Of step 1 (0.15 to 0.3) that is 0.1 s of 0.6,
    /// of steps 2 to 4 all their 0.15 s, of step 5 (0.75 to 0.9) 0.05 s.
    /// </summary>
    [Fact]
    public void A_uniform_window_credits_what_was_on_the_screen_within_it()
    {
        var credit = CreditAssignment.Uniform().Assign(Steps, 1).OrderBy(c => c.Step).ToArray();
        Assert.Equal([1, 2, 3, 4, 5], credit.Select(c => c.Step));
        double[] expected = [0.1 / 0.6, 0.25, 0.25, 0.25, 0.05 / 0.6];
        Assert.All(credit.Zip(expected), pair => Assert.Equal(pair.Second, pair.First.Credit, 1e-12));
    }

    /// <summary>A gamma of shape 2 is 1 - (1 + x) exp(-x) in units of its scale.</summary>
    [Fact]
    public void A_gamma_of_shape_2_credits_by_its_known_distribution()
    {
        foreach (var (step, credit) in CreditAssignment.Gamma(2, 0.28).Assign(Steps, 1))
        {
            var expected = Known(1 - Steps[step].Start) - Known(Math.Max(0, 1 - Steps[step].End));
            Assert.Equal(expected, credit, 1e-12);
        }

        static double Known(double delay) => 1 - (1 + delay / 0.28) * Math.Exp(-delay / 0.28);
    }

    [Fact]
    public void By_place_credit_goes_to_one_step()
    {
        Assert.Equal([(6, 1.0)], CreditAssignment.Immediate.Assign(Steps, 1));
        Assert.Equal([(3, 1.0)], CreditAssignment.Immediate.Assign(Steps, 0.5));
        Assert.Equal([(5, 1.0)], CreditAssignment.PreviousStep.Assign(Steps, 1));
        Assert.Empty(CreditAssignment.PreviousStep.Assign(Steps, 0.1));
        Assert.Empty(CreditAssignment.Immediate.Assign([], 0.1));
    }

    /// <summary>Back-to-back steps that cover all delays share the whole of the credit.</summary>
    [Fact]
    public void Credits_sum_to_1_where_steps_cover_every_delay() =>
        Gen.Select(Gen.Double[0.05, 0.5], Gen.Double[30, 40], Gen.Double[0.5, 3], Gen.Double[0, 0.5], Gen.Double[0.1, 0.5])
            .Sample(
                (length, time, shape, from, size) =>
                {
                    StepTime[] steps = [.. Enumerable.Range(0, 900).Select(i => new StepTime(i * length, (i + 1) * length))];
                    CreditAssignment[] kinds =
                    [
                        CreditAssignment.Uniform(from, from + size),
                        CreditAssignment.Gamma(shape, 0.28),
                        CreditAssignment.Immediate,
                    ];
                    Assert.All(kinds, kind => Assert.Equal(1, kind.Assign(steps, time).Sum(c => c.Credit), 1e-9));
                },
                iter: 200
            );

    [Fact]
    public void A_window_that_is_none_is_refused() => Assert.Throws<AttuneException>(() => CreditAssignment.Uniform(0.8, 0.2));
}
