using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Testing;

namespace Attune.Data.Tests.Formats;

/// <summary>Files as they were published, read without options.</summary>
public sealed class PublishedFilesTests
{
    /// <summary>The file, what it is made for, and how many records it gives of each kind that it gives.</summary>
    public static TheoryData<string, DatasetKind[], int[]> Files =>
        new()
        {
            { "instructions/alpaca_en_demo.json", [DatasetKind.PromptCompletion, DatasetKind.PromptOnly], [999, 999] },
            { "instructions/instruction-data.json", [DatasetKind.PromptCompletion, DatasetKind.PromptOnly], [1100, 1100] },
            { "instructions/seed_tasks.jsonl", [DatasetKind.PromptCompletion, DatasetKind.PromptOnly], [175, 175] },
            {
                "preferences/polite-rude.json",
                [DatasetKind.Preference, DatasetKind.PromptCompletion, DatasetKind.PromptOnly],
                [900, 900, 900]
            },
            { "preferences/dpo_en_demo.json", [DatasetKind.Preference, DatasetKind.PromptOnly], [300, 300] },
            { "preferences/kto_en_demo.json", [DatasetKind.UnpairedPreference, DatasetKind.PromptOnly], [300, 300] },
            { "preferences/hh-harmless.jsonl.gz", [DatasetKind.Preference], [1798] },
            { "reasoning/gsm8k-train-2000.jsonl", [DatasetKind.PromptCompletion, DatasetKind.PromptOnly], [2000, 2000] },
            { "reasoning/samples_math-shepherd.jsonl", [DatasetKind.Stepwise, DatasetKind.PromptOnly], [7, 7] },
        };

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_row_is_read(string name, DatasetKind[] kinds, int[] counts)
    {
        var path = SharedData.Require(name);
        Assert.Equal(kinds, DatasetFile.Kinds(path));
        Assert.Equal(counts, kinds.Select(k => Count(path, k)));
    }

    [Theory]
    [InlineData("preferences/open-assistant-trees.jsonl", DatasetKind.Ranking)]
    [InlineData("reasoning/samples_prm800k.jsonl", DatasetKind.Stepwise)]
    [InlineData("reasoning/prm800k_train_p1_first400_4o_confidence.jsonl", DatasetKind.Stepwise)]
    [InlineData("reasoning/prm800k_train_p1_first400_4o_counterfactual.jsonl", DatasetKind.Stepwise)]
    [InlineData("reasoning/prm800k_train_p1_first400_4o_step_contradiction.jsonl", DatasetKind.Stepwise)]
    [InlineData("fine-grained/qa-feedback-400.json", DatasetKind.Spans)]
    public void What_cannot_be_used_is_counted_by_reason(string name, DatasetKind kind)
    {
        var path = SharedData.Require(name);
        Assert.Equal(kind, DatasetFile.Detect(path));
        Assert.All(DatasetFile.Kinds(path), k => Assert.True(Count(path, k) > 0, k.ToString()));
    }

    [Fact]
    public void An_alpaca_row_is_a_question_with_its_input_below_it()
    {
        var first = DatasetFile.Read<Demonstration>(SharedData.Require("preferences/polite-rude.json")).Items[0];
        var asked = Assert.Single(Assert.IsType<Prompt.Chat>(first.Prompt).Messages);
        Assert.Equal("Evaluate the following phrase by transforming it into the spelling given.\nfreind --> friend", asked.Content);
        Assert.StartsWith("The spelling of the given phrase \"freind\" is incorrect", first.Answer, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rank_of_0_is_the_best_of_an_assistants_tree()
    {
        var rankings = DatasetFile.Read<Ranking>(SharedData.Require("preferences/open-assistant-trees.jsonl"));
        Assert.All(rankings.Items, r => Assert.Equal(1, r.Ranks[0]));
        Assert.All(rankings.Items, r => Assert.InRange(r.Answers.Length, 2, 100));
    }

    [Fact]
    public void A_text_prompt_beside_conversations_is_their_first_turn()
    {
        using var folder = new TemporaryFolder();
        var path = folder.WriteText(
            "u.jsonl",
            """
            {"prompt":"Hi?","prompt_id":"a","chosen":[{"role":"user","content":"Hi?"},{"role":"assistant","content":"Yes."}],"rejected":[{"role":"user","content":"Hi?"},{"role":"assistant","content":"No."}],"messages":[{"role":"user","content":"Hi?"},{"role":"assistant","content":"Yes."}],"score_chosen":8.5,"score_rejected":7.0}
            """
        );
        var pair = Assert.Single(DatasetFile.Read<Preference>(path).Items);
        Assert.Equal(("Yes.", "No."), (pair.Chosen, pair.Rejected));
        Assert.Equal("Hi?", Assert.Single(Assert.IsType<Prompt.Chat>(pair.Prompt).Messages).Content);
    }

    [Theory]
    [InlineData(
        "{\"prompt\":\"a\",\"chosen\":\"b\",\"rejcted\":\"c\",\"rejected_by\":\"x\"}",
        "Did you mean 'rejected', which is missing?"
    )]
    [InlineData("{\"instruction\":\"a\",\"inptu\":\"b\",\"output\":\"c\"}", "Did you mean 'input', which is missing?")]
    public void A_misspelt_column_is_an_error(string row, string message)
    {
        using var folder = new TemporaryFolder();
        var path = folder.WriteText("m.jsonl", row);
        var problem = Assert.Throws<DataException>(() => Count(path, DatasetFile.Detect(path)));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_with_nulls_and_calls_of_tools_are_left_out_and_counted()
    {
        using var folder = new TemporaryFolder();
        var path = folder.WriteText(
            "m.jsonl",
            """
            {"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}
            {"messages":null}
            {"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":1}]}]}
            {"messages":[{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":"b","tool_calls":[]}]}
            """
        );
        var data = DatasetFile.Read<Demonstration>(path);
        Assert.Equal(2, data.Items.Length);
        Assert.Equal(
            [
                "1 left out: \"messages\" is empty",
                "1 left out: a call of a tool is not of the form {\"function\": {\"name\", \"arguments\"}}",
            ],
            data.Dropped.Select(d => d.ToString()).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void An_unknown_column_is_counted()
    {
        using var folder = new TemporaryFolder();
        var path = folder.WriteText("m.jsonl", "{\"prompt\":\"a\",\"completion\":\"b\",\"colour\":\"red\"}");
        var data = DatasetFile.Read<Demonstration>(path);
        Assert.Single(data.Items);
        Assert.Contains("not used: colour", data.Notes);
    }

    private static int Count(string path, DatasetKind kind) =>
        kind switch
        {
            DatasetKind.LanguageModeling => DatasetFile.Read<Document>(path).Items.Length,
            DatasetKind.PromptOnly => DatasetFile.Read<Prompt>(path).Items.Length,
            DatasetKind.PromptCompletion => DatasetFile.Read<Demonstration>(path).Items.Length,
            DatasetKind.Preference => DatasetFile.Read<Preference>(path).Items.Length,
            DatasetKind.UnpairedPreference => DatasetFile.Read<Verdict>(path).Items.Length,
            DatasetKind.Stepwise => DatasetFile.Read<StepLabels>(path).Items.Length,
            DatasetKind.Spans => DatasetFile.Read<SpanLabels>(path).Items.Length,
            _ => DatasetFile.Read<Ranking>(path).Items.Length,
        };
}
