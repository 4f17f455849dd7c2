namespace Attune.Kernels.Tests;

public sealed class ParallelLoopTests
{
    private const long Much = 1 << 20;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    public void Every_number_is_run_once(int count)
    {
        var runs = new int[count];
        ParallelLoop.For(count, Much, i => Interlocked.Increment(ref runs[i]));
        Assert.All(runs, n => Assert.Equal(1, n));
    }

    [Fact]
    public void Small_work_is_done_by_the_caller_in_order()
    {
        var order = new List<(int, int)>();
        ParallelLoop.For(20, 100, i => order.Add((i, Environment.CurrentManagedThreadId)));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (i, Environment.CurrentManagedThreadId)), order);
    }

    [Fact]
    public void A_failure_in_a_body_fails_the_loop()
    {
        Assert.Throws<InvalidOperationException>(() => ParallelLoop.For(100, Much, i => Fail(i == 70)));
        Every_number_is_run_once(100);
    }

    private static void Fail(bool now)
    {
        if (now)
        {
            throw new InvalidOperationException("70");
        }
    }
}
