using Attune.Core;
using Attune.Core.Conversations;
using Attune.Data.Formats;
using Attune.Testing;
using Attune.Training.Rewards;
using static Attune.Training.Tests.Rewards.RewardSamples;

namespace Attune.Training.Tests.Rewards;

public sealed class MatchTermTests
{
    [Theory]
    [InlineData(" blue\n", 1)]
    [InlineData("Blue", 0)]
    [InlineData("blue.", 0)]
    public async Task Exact_is_the_same_text_apart_from_white_space_around_it(string answer, double reward) =>
        Assert.Equal((double[])[reward], await new MatchTerm { Match = "colour" }.TotalsAsync(Rollout(answer, """{"colour": "blue"}""")));

    [Theory]
    [InlineData("so it is #### 72", AnswerPart.Gsm8k, 1)]
    [InlineData("#### 1 and then\n#### $72.00\nDone.", AnswerPart.Gsm8k, 1)]
    [InlineData("72", AnswerPart.Gsm8k, 0)]
    [InlineData(@"\\boxed{1}, no: \\boxed{72.0}", AnswerPart.Boxed, 1)]
    [InlineData(@"\\boxed{72", AnswerPart.Boxed, 0)]
    [InlineData("48 and 24 are 72.", AnswerPart.LastNumber, 1)]
    [InlineData("72 or 73", AnswerPart.LastNumber, 0)]
    [InlineData("nothing", AnswerPart.LastNumber, 0)]
    public async Task Numbers_are_found_where_answers_say_them(string answer, AnswerPart part, double reward)
    {
        var term = new MatchTerm
        {
            Match = "answer",
            Extract = part,
            Compare = AnswerComparison.Numeric,
        };
        // The column is read the same way, or whole where it has no such part.
        var column = part == AnswerPart.Gsm8k ? "48/2 = 24 ... #### 72" : "72";
        Assert.Equal((double[])[reward], await term.TotalsAsync(Rollout(answer, $$"""{"answer": "{{column}}"}""")));
    }

    [Theory]
    [InlineData("1,234.5", 1234.5)]
    [InlineData("$3.50", 3.5)]
    [InlineData("-3/4", -0.75)]
    [InlineData("50%", 50.0)]
    [InlineData("1e3.", 1000.0)]
    [InlineData("1/0", null)]
    [InlineData("seven", null)]
    public void Numbers_are_read_as_people_write_them(string text, double? number) => Assert.Equal(number, AnswerParts.Number(text));

    [Fact]
    public async Task The_tolerance_is_relative_above_1_and_absolute_below()
    {
        var term = new MatchTerm
        {
            Match = "n",
            Compare = AnswerComparison.Numeric,
            Tolerance = 0.01,
        };
        Assert.Equal((double[])[1, 0], await term.TotalsAsync(Rollout("202", """{"n": 200}"""), Rollout("202.1", """{"n": 200}""")));
        Assert.Equal((double[])[1, 0], await term.TotalsAsync(Rollout("0.009", """{"n": 0}"""), Rollout("0.011", """{"n": 0}""")));
    }

    [Fact]
    public async Task A_group_of_an_expression_is_compared_and_nested_braces_belong_to_a_box()
    {
        var group = new MatchTerm
        {
            Match = "a",
            Extract = AnswerPart.Group,
            Regex = "answer is (\\w+)",
        };
        Assert.Equal((double[])[1], await group.TotalsAsync(Rollout("the answer is no, the answer is yes", """{"a": "yes"}""")));
        var boxed = new MatchTerm { Match = "a", Extract = AnswerPart.Boxed };
        Assert.Equal((double[])[1], await boxed.TotalsAsync(Rollout(@"so \\boxed{\\frac{1}{2}}", """{"a": "\\\\frac{1}{2}"}""")));
    }

    [Fact]
    public async Task What_the_row_lacks_is_one_message()
    {
        var missing = await Assert.ThrowsAsync<DataException>(() =>
            new MatchTerm { Match = "answer" }.TotalsAsync(Rollout("x", """{"level": 3}"""))
        );
        Assert.Equal(
            "reward match: the row of the prompt 'the' has no text or number in the column 'answer'; its columns are level.",
            missing.Message
        );
        var plan = new RewardPlan("grpo", HasTrainedModel: false);
        Assert.Contains("regex is missing", Assert.Single(new MatchTerm { Match = "a", Extract = AnswerPart.Group }.Missing(plan)));
        Assert.Contains(
            "it has no group",
            Assert.Single(
                new MatchTerm
                {
                    Match = "a",
                    Extract = AnswerPart.Group,
                    Regex = "x",
                }.Missing(plan)
            )
        );
        Assert.Contains("extract is not group", Assert.Single(new MatchTerm { Match = "a", Regex = "(x)" }.Missing(plan)));
    }

    [Fact]
    public async Task The_questions_of_gsm8k_are_prompts_and_their_own_solutions_are_right()
    {
        var file = SharedData.Require("reasoning/gsm8k-train-2000.jsonl");
        var prompts = DatasetFile.Read<Prompt>(file).Items;
        Assert.Equal(2000, prompts.Length);
        var term = new MatchTerm
        {
            Match = "answer",
            Extract = AnswerPart.Gsm8k,
            Compare = AnswerComparison.Numeric,
        };
        var rollouts = prompts.Select(p => Rollout(p.Columns["answer"].GetString()!, prompt: p.Key) with { Columns = p.Columns });
        Assert.All(await term.TotalsAsync([.. rollouts]), total => Assert.Equal(1, total));
        var wrong = prompts.Take(50).Select(p => Rollout("#### -7", prompt: p.Key) with { Columns = p.Columns });
        Assert.All(await term.TotalsAsync([.. wrong]), total => Assert.Equal(0, total));
    }
}
