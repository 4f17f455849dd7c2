using Attune.Core;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Testing;

namespace Attune.Data.Tests.Formats;

/// <summary>Labelled steps as PRM800K and Math-Shepherd were published.</summary>
public sealed class PublishedStepsTests
{
    [Fact]
    public void Prm800k_goes_on_with_the_chosen_completion_or_the_labellers_own_up_to_the_first_error()
    {
        var row = Prm(
            "solution",
            """{"completions": [{"text": "a", "rating": -1}, {"text": "b", "rating": 0}], "chosen_completion": 1},"""
                + """{"completions": [{"text": "c", "rating": -1}], "human_completion": {"text": "d", "rating": null}},"""
                + """{"completions": [{"text": "e", "rating": -1}, {"text": "f", "rating": 1}], "chosen_completion": null},"""
                + """{"completions": [{"text": "g", "rating": 1}], "chosen_completion": 0}"""
        );
        var item = Assert.Single(Read(row).Items);
        Assert.Equal("p\n", item.Prompt.Key);
        Assert.Equal([new("b", 0), new("d", 1), new("e", -1)], item.Steps);
        Assert.Equal("L", item.Annotator);
        Assert.Null(item.Outcome);
    }

    [Theory]
    [InlineData("5", true)]
    [InlineData("6", false)]
    public void Prm800k_knows_whether_the_answer_is_right(string answer, bool right)
    {
        var step = $$"""{"completions": [{"text": "So.\n\n# Answer\n\n{{answer}}", "rating": 1}], "chosen_completion": 0}""";
        Assert.Equal(right, Assert.Single(Read(Prm("solution", step)).Items).Outcome);
    }

    [Theory]
    [InlineData("give_up", "false", "the labeller finished with give_up")]
    [InlineData("solution", "true", "a quality control question")]
    public void Prm800k_rows_that_are_no_labels_are_left_out_by_reason(string finish, string control, string reason)
    {
        var row = Prm(finish, """{"completions": [{"text": "a", "rating": 1}], "chosen_completion": 0}""", control);
        var read = Read(Prm("solution", """{"completions": [{"text": "a", "rating": 1}], "chosen_completion": 0}"""), row);
        Assert.Single(read.Items);
        Assert.Equal((reason, 1), (Assert.Single(read.Dropped).Reason, read.Dropped[0].Count));
    }

    [Fact]
    public void A_bad_step_is_named_by_row_and_step()
    {
        var row = Prm("solution", """{"completions": [{"text": "a", "rating": 3}], "chosen_completion": 0}""");
        var problem = Assert.Throws<DataException>(() => Read(row)).Message;
        Assert.Contains("line 1", problem, StringComparison.Ordinal);
        Assert.Contains("label.steps[0].completions[0].rating", problem, StringComparison.Ordinal);
        Assert.Contains("found 3; expected -1 (wrong), 0 (neutral) or 1 (right)", problem, StringComparison.Ordinal);
        row = Prm("solution", """{"completions": [{"text": "a", "rating": 1}], "chosen_completion": 4}""");
        Assert.Contains(
            "expected the index of one of 1 completions",
            Assert.Throws<DataException>(() => Read(row)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Shepherd_has_a_sign_where_the_input_has_its_mark()
    {
        const string row =
            """{"input": "How? Step 1: one ки\nStep 2: two. The answer is: 2 ки", """
            + """ "label": "How? Step 1: one +\nStep 2: two. The answer is: 2 -", "task": "GSM8K"}""";
        var item = Assert.Single(Read(row).Items);
        Assert.Equal("How?\n", item.Prompt.Key);
        Assert.Equal([new("Step 1: one", 1), new("Step 2: two. The answer is: 2", -1)], item.Steps);
        Assert.False(item.Outcome);
    }

    [Fact]
    public void Shepherd_with_another_text_in_its_label_is_an_error()
    {
        const string row = """{"input": "How? Step 1: one ки", "label": "How? Step 1: two +"}""";
        Assert.Contains("step 1 has no + or -", Assert.Throws<DataException>(() => Read(row)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Published_samples_are_read()
    {
        var prm = DatasetFile.Read<StepLabels>(SharedData.Require("reasoning/samples_prm800k.jsonl"));
        Assert.Equal([6, 7, 5, 7], prm.Items.Select(i => i.Steps.Length));
        Assert.Equal([1, 1, 1, 1, 1, 1, -1], prm.Items[1].Steps.Select(s => s.Label is 0 ? 1 : s.Label));
        Assert.Equal(2, prm.Dropped.Sum(d => d.Count));
        var shepherd = DatasetFile.Read<StepLabels>(SharedData.Require("reasoning/samples_math-shepherd.jsonl"));
        Assert.Equal(7, shepherd.Items.Length);
        Assert.All(shepherd.Items, i => Assert.StartsWith("Step 1:", i.Steps[0].Text, StringComparison.Ordinal));
        Assert.All(shepherd.Items, i => Assert.Equal(i.Steps[^1].Label > 0, i.Outcome));
    }

    private static string Prm(string finish, string steps, string control = "false") =>
        $$"""{"labeler": "L", "is_quality_control_question": {{control}}, "is_initial_screening_question": false, "question": """
        + """{"problem": "p", "ground_truth_answer": "5"}, """
        + $$"""  "label": {"steps": [{{steps}}], "finish_reason": "{{finish}}"} """
        + "}";

    private static LoadedData<StepLabels> Read(params string[] rows)
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("steps.jsonl");
        File.WriteAllLines(file, rows);
        return DatasetFile.Read<StepLabels>(file);
    }
}
