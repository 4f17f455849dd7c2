using Attune.Cli.Screens;

namespace Attune.Cli.Tests.Screens;

public sealed class ProgressLineTests
{
    private static readonly TimeSpan Elapsed = TimeSpan.FromSeconds(100);

    [Theory]
    [InlineData(50, "1/1 fine-tuning ━━━━────     50/100  left 1:40")]
    [InlineData(80, "1/1 fine-tuning         ━━━━━━──────      50/100  left 1:40  2.0 s each")]
    [InlineData(120, "1/1 fine-tuning         ━━━━━━━━━━━━────────────      50/100  left 1:40  elapsed 1:40  2.0 s each")]
    public void A_line_keeps_what_fits_its_width(int width, string expected)
    {
        var line = ProgressLine.Of("1/1 fine-tuning", 50, 100, Elapsed, "loss 0.123  perplexity 12.345", width).ToString();
        Assert.StartsWith(expected[..12], line, StringComparison.Ordinal);
        Assert.Equal(Squeezed(expected), Squeezed(line));
    }

    /// <summary>Whatever is shown, no line is longer than the terminal is wide.</summary>
    [Fact]
    public void Law_no_line_is_wider_than_its_width()
    {
        foreach (var width in Enumerable.Range(40, 160))
        {
            foreach (var done in new[] { 0, 1, 999, 123_456 })
            {
                var line = ProgressLine.Of(new string('n', 40), done, 123_456, Elapsed, new string('f', 90), width);
                Assert.True(line.ToString().Length <= width, $"{line.ToString().Length} columns of {width}: {line}");
            }
        }
    }

    [Theory]
    [InlineData(12.34, "12.3/s")]
    [InlineData(0.5, "2.0 s each")]
    [InlineData(0.04, "25 s each")]
    [InlineData(0.005, "3 min 20 s each")]
    [InlineData(0, "")]
    public void Slow_work_has_a_rate_too(double perSecond, string expected) => Assert.Equal(expected, Clock.Rate(perSecond));

    [Theory]
    [InlineData(40, "40 s")]
    [InlineData(200, "3 min 20 s")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(273_600, "3 d 4 h")]
    public void Times_are_in_words(double seconds, string expected) => Assert.Equal(expected, Clock.Words(seconds));

    [Fact]
    public void Work_that_is_over_says_how_long_it_took() =>
        Assert.Contains("took 1:40", ProgressLine.Of("work", 100, 100, Elapsed, "", 80).ToString(), StringComparison.Ordinal);

    private static string Squeezed(string text) => string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
