using Attune.Reports.Html;

namespace Attune.Reports.Tests.Html;

public sealed class FigureTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(1.4, "1.40")]
    [InlineData(14.97, "15.0")]
    [InlineData(0.01234, "0.0123")]
    [InlineData(-0.4512, "−0.451")]
    [InlineData(48, "48")]
    [InlineData(1234.5, "1,235")]
    [InlineData(3.14e-6, "3.14e−6")]
    [InlineData(2.5e7, "2.5e7")]
    [InlineData(double.NaN, "not a number")]
    public void Brief_figures_have_three_digits(double value, string expected) => Assert.Equal(expected, Figure.Brief(value));

    [Theory]
    [InlineData(4.24, "4.2 s")]
    [InlineData(9.96, "10 s")]
    [InlineData(203, "3 min 23 s")]
    [InlineData(59.7, "1 min 0 s")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(double.NaN, "not known")]
    public void Durations_are_in_words(double seconds, string expected) => Assert.Equal(expected, Figure.Duration(seconds));

    [Fact]
    public void Changes_carry_their_sign()
    {
        Assert.Equal("+1.53", Figure.Change(1.53));
        Assert.Equal("−0.20", Figure.Change(-0.2));
        Assert.Equal("80.5%", Figure.Percent(0.805));
        Assert.Equal("1 update", Figure.Count(1, "update"));
        Assert.Equal("1,200 updates", Figure.Count(1200, "update"));
    }
}
