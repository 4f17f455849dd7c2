using Attune.Reports.Sections;
using CsCheck;

namespace Attune.Reports.Tests.Sections;

public sealed class WordDifferenceTests
{
    private static readonly Gen<string> Words = Gen.OneOf(
            new[] { "a", "b", "the", "film ", "\n", "  ", "was", "" }.Select(Gen.Const).ToArray()
        )
        .Array[0, 12]
        .Select(words => string.Join(' ', words));

    [Fact]
    public void Changed_words_are_marked_and_shared_ones_are_not()
    {
        var (before, after) = WordDifference.Between("a slow and dull film", "a warm and dull film");
        Assert.Equal(
            [("a ", false), ("slow", true), (" ", false), ("and dull film", false)],
            before.Select(run => (run.Text, run.Changed))
        );
        Assert.Equal("warm", Assert.Single(after, run => run.Changed).Text);
    }

    [Fact]
    public void Law_the_stretches_give_the_texts_back() =>
        Gen.Select(Words, Words)
            .Sample(
                (left, right) =>
                {
                    var (before, after) = WordDifference.Between(left, right);
                    return string.Concat(before.Select(run => run.Text)) == left && string.Concat(after.Select(run => run.Text)) == right;
                }
            );

    [Fact]
    public void Law_a_text_does_not_differ_from_itself() =>
        Words.Sample(text => WordDifference.Between(text, text).After.All(run => !run.Changed));

    [Fact]
    public void Texts_that_share_little_are_left_unmarked() =>
        Assert.DoesNotContain(WordDifference.Between("one two three four five", "six seven eight nine ten").After, run => run.Changed);
}
