using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;

namespace Attune.Feedback.Tests.Labels;

/// <summary>That an answer was cut goes from the item through the store to the label.</summary>
public sealed class JudgementLabelsTests
{
    private static readonly ItemContent Item = new(new Prompt.Text("p"), [new Candidate("a") { IsCut = true }, new Candidate("b")]);

    [Theory]
    [InlineData(Pick.First, "a", "[0]")]
    [InlineData(Pick.Second, "b", "[1]")]
    public void A_pair_says_which_answer_was_cut(Pick pick, string chosen, string cut)
    {
        var label = Assert.IsType<Preference>(
            Assert.Single(JudgementLabels.Of(Item, new ComparisonJudgement(pick), new ProjectSettings(), []))
        );
        Assert.Equal((chosen, cut), (label.Chosen, label.Cut.ToString()));
    }

    [Fact]
    public void How_sure_a_comparison_is_goes_through_the_stores_JSON_to_the_label_and_through_the_labels_own()
    {
        var json = StoreJson.Write<Judgement>(new ComparisonJudgement(Pick.Second) { Probability = 0.7 });
        Assert.Contains("\"probability\":0.7", json, StringComparison.Ordinal);
        var label = Assert.IsType<Preference>(
            Assert.Single(JudgementLabels.Of(Item, StoreJson.Read<Judgement>(json), new ProjectSettings(), []))
        );
        Assert.Equal(("b", 0.7), (label.Chosen, label.Probability));
        Assert.Equal(0.7, StoreJson.Read<Preference>(StoreJson.Write(label)).Probability);
        var sure = StoreJson.Write(label with { Probability = 1 });
        Assert.DoesNotContain("probability", sure, StringComparison.Ordinal);
        Assert.Equal(1, StoreJson.Read<Preference>(sure).Probability);
    }

    [Fact]
    public void The_store_keeps_it_and_answers_that_ended_are_stored_as_before()
    {
        var (row, candidates) = Contents.ToRows(Item, Guid.Empty, Guid.Empty);
        Assert.Equal(["""{"text":"a","steps":[],"cut":true}""", """{"text":"b","steps":[]}"""], candidates.Select(c => c.ContentJson));
        Assert.Equal([true, false], Contents.Of(row, candidates).Candidates.Select(c => c.IsCut));
    }
}
