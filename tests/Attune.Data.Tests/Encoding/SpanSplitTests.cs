using Attune.Core.Conversations;
using Attune.Data.Encoding;
using CsCheck;

namespace Attune.Data.Tests.Encoding;

public sealed class SpanSplitTests
{
    [Fact]
    public void Sentences_end_at_marks_before_white_space_and_at_line_ends() =>
        Assert.Equal(
            ["It cost 3.5 million.", "\"Why?\"", "Nobody knows!", "A new line", "and 😀 the last."],
            Parts(" It cost 3.5 million. \"Why?\" Nobody knows! A new line\nand 😀 the last. ", SpanDensity.Sentence)
        );

    [Fact]
    public void A_sub_sentence_has_five_words_and_leaves_five() =>
        Assert.Equal(
            ["Yes, the plot is quite clever,", "and the songs that come,", "go; the end is short, alas."],
            Parts("Yes, the plot is quite clever, and the songs that come, go; the end is short, alas.", SpanDensity.SubSentence)
        );

    [Theory]
    [InlineData("One two three four five, six seven eight nine.", 1)]
    [InlineData("One two three four five, six seven eight nine ten.", 2)]
    [InlineData("One two three four, five six seven eight nine.", 1)]
    [InlineData("Short. Also short.", 2)]
    [InlineData(" \n ", 0)]
    public void Pieces_that_would_be_too_short_stay_together(string text, int parts) =>
        Assert.Equal(parts, SpanSplit.Of(text, SpanDensity.SubSentence).Length);

    [Fact]
    public void The_answer_is_one_part_without_the_blanks_around_it() =>
        Assert.Equal(["One. Two, three."], Parts(" One. Two, three.\n", SpanDensity.Answer));

    [Theory]
    [InlineData(SpanDensity.SubSentence)]
    [InlineData(SpanDensity.Sentence)]
    [InlineData(SpanDensity.Answer)]
    public void Law_parts_are_in_order_and_leave_out_nothing_but_white_space(SpanDensity density) =>
        Gen.Int[0, 8]
            .Select(i => new[] { "a", "bc", " ", "\n", ",", ". ", "! ", "😀", ";" }[i])
            .Array[0, 60]
            .Sample(
                pieces =>
                {
                    var text = string.Concat(pieces);
                    var parts = SpanSplit.Of(text, density);
                    Assert.True(parts.Zip(parts.Skip(1)).All(p => p.First.End <= p.Second.Start));
                    Assert.All(parts, p => Assert.True(p.Start < p.End));
                    Assert.Equal(Bare(text), Bare(string.Concat(parts.Select(p => CodePoints.Slice(text, p.Start, p.End)))));
                },
                iter: 300
            );

    private static string Bare(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));

    private static IEnumerable<string> Parts(string text, SpanDensity density) =>
        SpanSplit.Of(text, density).Select(p => CodePoints.Slice(text, p.Start, p.End));
}
