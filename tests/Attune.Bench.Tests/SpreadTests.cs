using Attune.Bench.Benchmarks;
using CsCheck;

namespace Attune.Bench.Tests;

public class SpreadTests
{
    [Fact]
    public void The_median_of_an_even_number_lies_between_the_middle_two()
    {
        Assert.Equal(new Spread(Median: 2.5, Least: 1, Most: 9), Spread.Of([9, 1, 3, 2]));
        Assert.Equal(new Spread(Median: 3, Least: 1, Most: 9), Spread.Of([9, 1, 3]));
    }

    [Fact]
    public void Law_the_median_lies_between_the_ends() =>
        Check.Sample(
            Gen.Double[-1e6, 1e6].Array[1, 9],
            values => Spread.Of(values) is var spread && spread.Least <= spread.Median && spread.Median <= spread.Most
        );
}
