using Attune.Core.Runs;

namespace Attune.Core.Tests.Runs;

public sealed class DivergenceWatchTests
{
    [Fact]
    public void A_perplexity_ten_times_as_high_is_told_once_with_its_update()
    {
        var watch = new DivergenceWatch();
        Assert.Null(watch.Observe(Event(1, ("eval_perplexity", 20))));
        Assert.Null(watch.Observe(Event(2, ("eval_perplexity", 199))));
        Assert.Equal("eval_perplexity rose from 20 to 201 at update 3", watch.Observe(Event(3, ("eval_perplexity", 201))));
        Assert.Null(watch.Observe(Event(4, ("eval_perplexity", 2000))));
        Assert.NotNull(watch.Found);
    }

    [Theory]
    [InlineData("loss", double.NaN)]
    [InlineData("eval_loss", double.PositiveInfinity)]
    [InlineData("objective/kl", double.NaN)]
    public void A_figure_that_is_not_finite_is_told(string name, double value) =>
        Assert.Equal($"{name} is not a finite number at update 7", new DivergenceWatch().Observe(Event(7, (name, value))));

    [Fact]
    public void Metrics_without_items_may_be_no_number() =>
        Assert.Null(new DivergenceWatch().Observe(Event(1, ("rewards/accuracies", double.NaN))));

    /// <summary>From ln 2 a loss may rise to 6.93, over five updates; one hard batch is none.</summary>
    [Fact]
    public void A_loss_counts_over_five_updates()
    {
        Assert.Null(DivergenceWatch.Of(Losses(0.693, 0.693, 30, 0.693, 0.693, 0.693), null));
        Assert.Equal("loss rose from 0.693 to 18.28 at update 5", DivergenceWatch.Of(Losses(0.693, 0.693, 30, 30, 30, 30), null));
    }

    /// <summary>Nats a token: 2.31 more is ten times the perplexity.</summary>
    [Fact]
    public void A_loss_of_likelihood_counts_as_its_perplexity()
    {
        double[] up = [4, 6.4, 6.4, 6.4, 6.4, 6.4];
        Assert.Null(DivergenceWatch.Of(Losses(up), null));
        Assert.NotNull(DivergenceWatch.Of(Losses(up).Select(e => With(e, "mean_token_accuracy", 0.1)), null));
        Assert.Null(DivergenceWatch.Of(Losses(4, 6.2, 6.2, 6.2, 6.2, 6.2).Select(e => With(e, "mean_token_accuracy", 0.1)), null));
    }

    [Fact]
    public void A_policy_may_go_three_nats_a_token_and_its_loss_has_no_bound()
    {
        var events = Losses(0.001, 5, 5, 5, 5, 5).Select(e => With(With(e, "objective/kl", 29), "response_length/mean", 10));
        Assert.Null(DivergenceWatch.Of(events, null));
        var far = DivergenceWatch.Of(events.Select(e => With(e, "objective/kl", 31)), null);
        Assert.Equal("objective/kl is 31 nats over answers of 10 tokens at update 1: the policy has left its reference", far);
    }

    [Fact]
    public void Figures_before_and_after_tell_it_where_nothing_was_measured_between()
    {
        static Dictionary<string, double> Figures(double after) => new() { ["eval_perplexity_before"] = 12, ["eval_perplexity"] = after };
        Assert.Null(DivergenceWatch.Of([], Figures(90)));
        Assert.Equal("eval_perplexity rose from 12 to 1.234e+04 at the end", DivergenceWatch.Of([], Figures(12340)));
    }

    private static IEnumerable<RunEvent> Losses(params double[] losses) => losses.Select((loss, i) => Event(i + 1, ("loss", loss)));

    private static RunEvent With(RunEvent entry, string name, double value) =>
        entry with
        {
            Metrics = new Dictionary<string, double>(entry.Metrics) { [name] = value },
        };

    private static RunEvent Event(long updates, params (string Name, double Value)[] metrics) =>
        new(updates, "sft", "update", updates, updates, updates, metrics.ToDictionary(m => m.Name, m => m.Value));
}
