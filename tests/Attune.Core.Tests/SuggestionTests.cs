using CsCheck;

namespace Attune.Core.Tests;

public sealed class SuggestionTests
{
    private static readonly string[] Known = ["learning_rate", "batch_size", "epochs", "kl_coefficient"];

    [Theory]
    [InlineData("learning_rte", " Did you mean 'learning_rate'?")]
    [InlineData("Batch_Size", " Did you mean 'batch_size'?")]
    [InlineData("kl_coeficient", " Did you mean 'kl_coefficient'?")]
    [InlineData("epoch", " Did you mean 'epochs'?")]
    [InlineData("zzzzzzzz", "")]
    [InlineData("", "")]
    public void The_nearest_name_is_offered_where_one_is_near(string name, string expected) =>
        Assert.Equal(expected, Suggestion.For(name, Known));

    [Fact]
    public void Exchanged_neighbours_are_one_edit() => Assert.Equal(" Did you mean 'sft'?", Suggestion.For("stf", ["kto", "ppo", "sft"]));

    [Fact]
    public void The_name_itself_is_not_offered() => Assert.Equal("", Suggestion.For("epochs", Known));

    [Fact]
    public void Nothing_is_offered_where_nothing_is_known() => Assert.Equal("", Suggestion.For("x", []));

    [Fact]
    public void Law_one_edit_away_is_found() =>
        Gen.Select(Gen.Int[0, Known.Length - 1], Gen.Int[0, 5])
            .Sample(
                (which, at) =>
                    Suggestion.For(Known[which].Remove(Math.Min(at, Known[which].Length - 1), 1), Known)
                    == $" Did you mean '{Known[which]}'?"
            );
}
