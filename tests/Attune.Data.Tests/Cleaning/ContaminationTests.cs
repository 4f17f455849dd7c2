using Attune.Data.Cleaning;

namespace Attune.Data.Tests.Cleaning;

public sealed class ContaminationTests
{
    [Theory]
    [InlineData("x The Cat, sat; on y", true)]
    [InlineData("the cat sat", false)]
    [InlineData("the cat on sat", false)]
    [InlineData("Überall, é", true)]
    [InlineData("überall e\u0301", false)]
    [InlineData("and überall é", false)]
    [InlineData("yes", false)]
    [InlineData("", false)]
    public void A_text_touches_by_a_run_of_words_or_as_a_whole(string text, bool touches)
    {
        var contamination = new Contamination(words: 4, fewest: 2);
        contamination.Add("Then the cat sat on it.");
        contamination.Add("überall é");
        contamination.Add("Yes!");
        Assert.Equal(touches, contamination.Touches(text));
    }
}
