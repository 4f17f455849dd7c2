using Attune.Training.Optimisation;
using CsCheck;

namespace Attune.Training.Tests;

public sealed class ScheduleTests
{
    private static readonly Gen<(Schedule Schedule, int Planned)> Schedules = Gen.Select(
            Gen.Enum<ScheduleKind>(),
            Gen.Double[0, 0.5],
            Gen.Double[0, 0.99],
            Gen.Int[1, 300]
        )
        .Select((kind, warmup, hold, planned) => (new Schedule(kind, 3e-4, warmup) { Hold = hold }, planned));

    // Peak 1, ten updates, two of warm-up: 1/2, 1; then from 1 at update 2 down over the eight that are left.
    // Linear at update 6: 1 - 4/8. Cosine there: .1 + .9 * (1 + cos(pi/2)) / 2 = .55.
    [Theory]
    [InlineData(ScheduleKind.Linear, 0, 0.5)]
    [InlineData(ScheduleKind.Linear, 1, 1)]
    [InlineData(ScheduleKind.Linear, 2, 1)]
    [InlineData(ScheduleKind.Linear, 6, 0.5)]
    [InlineData(ScheduleKind.Linear, 10, 0)]
    [InlineData(ScheduleKind.Cosine, 2, 1)]
    [InlineData(ScheduleKind.Cosine, 6, 0.55)]
    [InlineData(ScheduleKind.Cosine, 10, 0.1)]
    [InlineData(ScheduleKind.Constant, 0, 0.5)]
    [InlineData(ScheduleKind.Constant, 9, 1)]
    public void Rates_equal_the_values_worked_out_by_hand(ScheduleKind kind, long update, double expected) =>
        Assert.Equal(expected, new Schedule(kind, 1, 0.2).At(update, 10), 1e-12);

    [Fact]
    public void A_cosine_without_a_floor_ends_at_0()
    {
        var schedule = new Schedule(ScheduleKind.Cosine, 1, 0) { Floor = 0 };
        Assert.Equal([1, 0.5, 0], new long[] { 0, 5, 10 }.Select(u => schedule.At(u, 10)), (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void Updates_of_warm_up_stand_in_place_of_the_ratio()
    {
        var schedule = new Schedule(ScheduleKind.Linear, 1, 0.5) { WarmupSteps = 2 };
        Assert.Equal([0.5, 1, 1, 0.5], new long[] { 0, 1, 2, 6 }.Select(u => schedule.At(u, 10)));
    }

    // Ten updates, two of warm-up, half of the eight others at the peak: from update 6 down over the four that are left.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(6, 1)]
    [InlineData(7, 0.75)]
    [InlineData(9, 0.25)]
    [InlineData(10, 0)]
    public void A_rate_that_is_held_falls_after(long update, double expected) =>
        Assert.Equal(expected, new Schedule(ScheduleKind.Linear, 1, 0.2) { Hold = 0.5 }.At(update, 10), 1e-12);

    [Fact]
    public void Law_the_rate_is_more_than_0_and_at_most_the_peak_while_there_are_updates() =>
        Schedules.Sample(s =>
            Enumerable.Range(0, s.Planned).All(u => s.Schedule.At(u, s.Planned) is var rate && rate > 0 && rate <= 3e-4 * (1 + 1e-12))
        );

    [Fact]
    public void Law_the_rate_climbs_to_the_peak_and_never_after() =>
        Schedules.Sample(s =>
        {
            var rates = Enumerable.Range(0, s.Planned).Select(u => s.Schedule.At(u, s.Planned)).ToList();
            var top = rates.IndexOf(rates.Max());
            return rates
                .Zip(rates.Skip(1))
                .Select((pair, i) => i < top ? pair.First <= pair.Second : pair.First >= pair.Second)
                .All(right => right);
        });
}
