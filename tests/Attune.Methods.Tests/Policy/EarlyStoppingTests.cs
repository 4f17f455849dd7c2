using Attune.Core.Runs;
using Attune.Methods.Policy;

namespace Attune.Methods.Tests.Policy;

public sealed class EarlyStoppingTests
{
    [Fact]
    public void Gold_that_stays_below_its_best_for_two_looks_stops()
    {
        var guard = new EarlyStopping(stopOnGoldDrop: 0.5, stopOnDisagreement: 0);
        Assert.Null(guard.Check(Evaluation(gold: 1)));
        Assert.Null(guard.Check(Evaluation(gold: 2)));
        Assert.Null(guard.Check(Evaluation(gold: 1.4))); // one bad look
        Assert.Null(guard.Check(Evaluation(gold: 1.6))); // not far enough below 2
        Assert.Null(guard.Check(Evaluation(gold: 1.4)));
        var reason = guard.Check(Evaluation(gold: 1.3));
        Assert.Contains("fell to 1.300 from 2.000", reason, StringComparison.Ordinal);
        Assert.DoesNotContain("proxy", reason, StringComparison.Ordinal); // it was not looked at
    }

    [Theory]
    [InlineData(3, "the proxy reward rose to 3.000 from 0.500: the policy exploits")]
    [InlineData(0.4, "did not rise either (0.400, from 0.500)")]
    public void The_message_says_of_the_proxy_what_it_did_since_the_best_gold(double proxy, string expected)
    {
        var guard = new EarlyStopping(0.5, 0);
        Assert.Null(guard.Check(Evaluation(gold: 1, proxy: 5)));
        Assert.Null(guard.Check(Evaluation(gold: 2, proxy: 0.5)));
        Assert.Null(guard.Check(Evaluation(gold: 1, proxy: 7)));
        Assert.Contains(expected, guard.Check(Evaluation(gold: 1, proxy: proxy)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_ensemble_that_disagrees_far_more_than_at_first_stops()
    {
        var guard = new EarlyStopping(0, stopOnDisagreement: 3);
        Assert.Null(guard.Check(Evaluation(spread: 0.2)));
        Assert.Null(guard.Check(Evaluation(spread: 0.59)));
        Assert.Contains("rose to 0.610 from 0.200", guard.Check(Evaluation(spread: 0.61)), StringComparison.Ordinal);
    }

    [Fact]
    public void Turned_off_it_never_stops()
    {
        var guard = new EarlyStopping(0, 0);
        Assert.Null(guard.Check(Evaluation(gold: 5, spread: 0.1)));
        Assert.Null(guard.Check(Evaluation(gold: -5, spread: 10)));
        Assert.Null(guard.Check(Evaluation(gold: -5, spread: 10)));
    }

    [Fact]
    public void Without_gold_or_ensemble_there_is_nothing_to_judge()
    {
        var guard = new EarlyStopping(0.1, 1.1);
        Assert.Null(guard.Check(new Metrics()));
        Assert.Null(guard.Check(new Metrics()));
    }

    [Fact]
    public void What_it_remembers_comes_back()
    {
        var first = new EarlyStopping(0.5, 3);
        first.Check(Evaluation(gold: 2, spread: 0.2));
        first.Check(Evaluation(gold: 1, spread: 0.3));
        var second = new EarlyStopping(0.5, 3);
        second.Restore(first.State);
        Assert.Equal(first.State, second.State);
        Assert.NotNull(second.Check(Evaluation(gold: 1, spread: 0.3)));
    }

    private static Metrics Evaluation(double? gold = null, double? spread = null, double? proxy = null)
    {
        var metrics = new Metrics();
        if (gold is not null)
        {
            metrics.Set("eval/gold_reward", gold.Value);
        }

        if (proxy is not null)
        {
            metrics.Set("eval/proxy_reward", proxy.Value);
        }

        if (spread is not null)
        {
            metrics.Set("eval/ensemble_sd", spread.Value);
        }

        return metrics;
    }
}
