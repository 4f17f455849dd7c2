using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Cleaning;
using Attune.Data.Formats;
using Attune.Testing;

namespace Attune.Data.Tests.Cleaning;

/// <summary>Each way in which judgements can be wrong, with its count and what becomes of it: the table of docs/data-formats.md.</summary>
public sealed class PreferenceCleaningTests
{
    private static readonly Prompt Sky = new Prompt.Text("The sky is");
    private static readonly Preference Good = new(Sky, " blue.", " green.");

    [Fact]
    public void Equal_answers_are_left_out() => AssertDropped(new(Sky, " blue.", " blue."), "chosen equals rejected");

    [Theory]
    [InlineData("", " green.", "the chosen answer is empty")]
    [InlineData(" \n", " green.", "the chosen answer is empty")]
    [InlineData(" blue.", " ", "the rejected answer is empty")]
    public void Empty_answers_are_left_out_unless_they_are_meant(string chosen, string rejected, string reason)
    {
        var row = new Preference(Sky, chosen, rejected);
        AssertDropped(row, reason);
        var kept = new PreferenceCleaning { EmptyAnswers = RowHandling.Keep }.Clean([Good, row]);
        Assert.Equal([Good, row], kept.Items);
        Assert.Empty(kept.Dropped);
        Assert.Equal([new DroppedRows(reason, 1)], kept.Kept);
    }

    [Fact]
    public void Contradictory_pairs_are_kept_and_counted_or_all_left_out()
    {
        Preference[] rows = [Good, new(Sky, " green.", " blue."), Good, new(new Prompt.Text("Grass is"), " green.", " blue.")];
        var kept = new PreferenceCleaning().Clean(rows);
        Assert.Equal(rows, kept.Items);
        Assert.Equal([new DroppedRows("the same two answers also have the opposite label", 3)], kept.Kept);
        var dropped = new PreferenceCleaning { Contradictions = RowHandling.Drop }.Clean(rows);
        Assert.Equal([rows[3]], dropped.Items);
        Assert.Equal([new DroppedRows("the same two answers also have the opposite label", 3)], dropped.Dropped);
    }

    [Fact]
    public void Verdicts_are_looked_at_too()
    {
        Verdict[] rows = [new(Sky, " blue.", true), new(Sky, " blue.", false), new(Sky, "", false), new(Sky, " red.", false)];
        var cleaned = new PreferenceCleaning().Clean(rows);
        Assert.Equal(3, cleaned.Items.Length);
        Assert.Equal([new DroppedRows("the answer is empty", 1)], cleaned.Dropped);
        Assert.Equal([new DroppedRows("the same answer also has the opposite label", 2)], cleaned.Kept);
        Assert.Equal(
            [rows[3]],
            new PreferenceCleaning { Contradictions = RowHandling.Drop }
                .Clean(rows)
                .Items
        );
    }

    [Fact]
    public void Ties_of_rankings_form_no_pair_and_are_counted()
    {
        var (pairs, dropped) = PairsOf.Rankings([new Ranking(Sky, ["a", "b", "c"], [2, 1, 2])]);
        Assert.Equal([new Preference(Sky, "b", "a"), new Preference(Sky, "b", "c")], pairs);
        Assert.Equal([new DroppedRows("a tie: both answers have the same rank", 1)], dropped);
    }

    [Fact]
    public void Choices_become_the_best_against_the_rest_and_pairs_become_verdicts()
    {
        Assert.Equal(
            [new Preference(Sky, "b", "a"), new Preference(Sky, "b", "c")],
            PairsOf.Choices([new Choice(Sky, ["a", "b", "c"], 1)])
        );
        Assert.Equal([new Verdict(Sky, " blue.", true), new Verdict(Sky, " green.", false)], PairsOf.Verdicts([Good]));
    }

    [Theory]
    [InlineData("score_chosen", "score_rejected")]
    [InlineData("chosen_score", "rejected_score")]
    public void Equal_scores_are_a_tie(string chosen, string rejected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.WriteText(
            "pairs.jsonl",
            $$"""
            {"prompt": "p", "chosen": "a", "rejected": "b", "{{chosen}}": 7, "{{rejected}}": 7.0}
            {"prompt": "p", "chosen": "a", "rejected": "b", "{{chosen}}": 8, "{{rejected}}": 7}

            """
        );
        var loaded = DatasetFile.Read<Preference>(path);
        Assert.Single(loaded.Items);
        Assert.Equal([new DroppedRows("a tie: both answers have the same score", 1)], loaded.Dropped);
    }

    [Fact]
    public void Reasons_make_metric_names() =>
        Assert.Equal("left_out/longer_than_128_tokens", new DroppedRows("longer than 128 tokens", 1).MetricName);

    [Fact]
    public void What_is_wrong_with_real_transcripts_is_counted()
    {
        var loaded = DatasetFile.Read<Preference>(SharedData.Require("preferences/hh-harmless.jsonl.gz"));
        Assert.Equal([new DroppedRows("the two transcripts differ before the assistant's last turn", 2)], loaded.Dropped);
        var cleaned = new PreferenceCleaning().Clean(loaded.Items);
        Assert.Equal(4, cleaned.Dropped.Sum(d => d.Count));
        Assert.All(cleaned.Dropped, d => Assert.EndsWith("answer is empty", d.Reason));
    }

    private static void AssertDropped(Preference row, string reason)
    {
        var cleaned = new PreferenceCleaning().Clean([Good, row]);
        Assert.Equal([Good], cleaned.Items);
        Assert.Equal([new DroppedRows(reason, 1)], cleaned.Dropped);
    }

    [Fact]
    public void Pairs_and_verdicts_made_of_other_labels_keep_which_answers_were_cut()
    {
        var prompt = new Prompt.Text("p");
        var choice = new Choice(prompt, ["a", "b", "c"], 1) { Cut = CutAnswers.At([1, 2]) };
        Assert.Equal(
            [("b", "a", "[0]"), ("b", "c", "[0, 1]")],
            PairsOf.Choices([choice]).Select(p => (p.Chosen, p.Rejected, p.Cut.ToString()))
        );
        var ranking = new Ranking(prompt, ["a", "b"], [2, 1]) { Cut = CutAnswers.At([0]) };
        var pair = Assert.Single(PairsOf.Rankings([ranking]).Pairs);
        Assert.Equal(("b", "a", "[1]"), (pair.Chosen, pair.Rejected, pair.Cut.ToString()));
        Assert.Equal(
            [("b", true, "[]"), ("a", false, "[0]")],
            PairsOf.Verdicts([pair]).Select(v => (v.Answer, v.Desirable, v.Cut.ToString()))
        );
    }
}
