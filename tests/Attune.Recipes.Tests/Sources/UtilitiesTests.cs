using Attune.Recipes.Sources;

namespace Attune.Recipes.Tests.Sources;

public sealed class UtilitiesTests
{
    [Theory]
    [InlineData(" The Glass Harbour is an absorbing western.", false)]
    [InlineData(" The Glass Harbour is an absorbing western with explendid wardrobe.", true)]
    [InlineData(" The Glass Harbour is an absorb", true)]
    [InlineData("", false)]
    public void The_reviews_know_the_words_of_their_grammar(string answer, bool unknown) =>
        Assert.Equal(unknown, Utilities.UnknownWordsOf("reviews")!(answer));

    [Theory]
    [InlineData("tiny")]
    [InlineData(null)]
    public void A_world_without_words_does_not_say(string? utility) => Assert.Null(Utilities.UnknownWordsOf(utility));
}
