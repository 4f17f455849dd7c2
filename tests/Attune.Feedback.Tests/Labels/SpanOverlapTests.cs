using Attune.Core.Feedback;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Tests.Labels;

public sealed class SpanOverlapTests
{
    [Fact]
    public void Spans_agree_by_code_points_and_types()
    {
        AnswerSpan[] left = [new(0, 4, "Irrelevant")];
        Assert.Equal(1, SpanOverlap.F1([.. left], [.. left]));
        // 2 of 4 and 2 of 6 in common: 2 * 2 / 10.
        Assert.Equal(0.4, SpanOverlap.F1([.. left], [new(2, 8, "Irrelevant")]), 1e-12);
        Assert.Equal(0, SpanOverlap.F1([.. left], [new(0, 4, "Redundant")]));
        Assert.Equal(1, SpanOverlap.F1([], []));
    }
}
