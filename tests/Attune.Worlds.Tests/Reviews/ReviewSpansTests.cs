using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Worlds.Reviews;

namespace Attune.Worlds.Tests.Reviews;

public sealed class ReviewSpansTests
{
    private static readonly Prompt.Text Western = new("Title: The Glass Harbour\nGenre: western\nReview:");

    [Theory]
    [InlineData(" The Glass Harbour has a clever plot and superb acting.", "")]
    [InlineData(" The Glass Harbour has a clever plot. The acting is wooden.", "Sentiment: The acting is wooden.")]
    [InlineData(" This comedy has a clever plot. The acting is superb.", "Faithfulness: This comedy has a clever plot. Missing-Film")]
    [InlineData(" It is a clever western. The acting is", "Style: The acting is Missing-Aspects")]
    public void Each_error_is_marked_where_it_is(string review, string marks)
    {
        var labels = new ReviewSpans(0).Mark(Western, review, new Seed(1));
        var text = labels.Spans.Select(s => $"{s.Type}: {CodePoints.Slice(review, s.Start, s.End)}");
        var told = string.Join(' ', text.Concat(labels.Missing.Select(m => m.Type)));
        Assert.Equal(marks.Length == 0 ? "" : marks, marks.Contains("Missing", StringComparison.Ordinal) ? told : string.Join(' ', text));
    }

    [Fact]
    public void Noise_turns_its_share_of_the_parts_round()
    {
        var noisy = new ReviewSpans(0.3);
        var marks = Enumerable.Range(0, 500).Sum(i => noisy.Mark(Western, " The plot is clever.", new Seed(3).For("p", i)).Spans.Length);
        // Three judgements of one part, each wrong in three of ten.
        Assert.InRange(marks, 380, 520);
    }
}
