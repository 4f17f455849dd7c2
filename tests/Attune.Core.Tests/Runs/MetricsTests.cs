using Attune.Core.Runs;
using CsCheck;

namespace Attune.Core.Tests.Runs;

public sealed class MetricsTests
{
    [Fact]
    public void A_mean_counts_each_value_by_its_weight()
    {
        var metrics = new Metrics();
        metrics.Add("loss", 1, weight: 3);
        metrics.AddSum("loss", 10, 2);
        Assert.Equal((3.0 + 10) / 5, metrics["loss"], 1e-12);
    }

    [Fact]
    public void Law_merging_parts_gives_the_mean_of_the_whole_however_it_was_cut() =>
        Gen.Select(Gen.Select(Gen.Double[-5, 5], Gen.Double[0.1, 5]).Array[1, 30], Gen.Int[1, 10])
            .Sample(
                (values, size) =>
                {
                    var whole = new Metrics();
                    foreach (var (value, weight) in values)
                    {
                        whole.Add("x", value, weight);
                    }

                    var merged = new Metrics();
                    foreach (var part in values.Chunk(size))
                    {
                        var own = new Metrics();
                        foreach (var (value, weight) in part)
                        {
                            own.Add("x", value, weight);
                        }

                        merged.Add(own);
                    }

                    Assert.Equal(whole["x"], merged["x"], 1e-9);
                }
            );

    [Fact]
    public void Set_replaces_what_was_there()
    {
        var metrics = new Metrics();
        metrics.Add("rate", 5, 100);
        metrics.Set("rate", 2);
        Assert.Equal(2, metrics["rate"]);
    }

    [Fact]
    public void Means_come_by_name_and_leave_out_what_has_no_weight()
    {
        var metrics = new Metrics();
        metrics.Add("b", 1);
        metrics.AddSum("empty", 0, 0);
        metrics.Add("a", 2);
        Assert.Equal(new Dictionary<string, double> { ["a"] = 2, ["b"] = 1 }, metrics.Means());
        Assert.True(metrics.Contains("empty"));
        Assert.False(metrics.Contains("c"));
    }

    [Fact]
    public void An_unknown_name_is_answered_with_the_known_ones()
    {
        var metrics = new Metrics();
        metrics.Set("loss", 1);
        Assert.Contains(
            "no metric called lost; there are loss",
            Assert.Throws<KeyNotFoundException>(() => metrics["lost"]).Message,
            StringComparison.Ordinal
        );
    }
}
