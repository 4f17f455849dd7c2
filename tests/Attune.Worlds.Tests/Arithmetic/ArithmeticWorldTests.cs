using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Worlds.Arithmetic;

namespace Attune.Worlds.Tests.Arithmetic;

public sealed class ArithmeticWorldTests
{
    [Theory]
    [InlineData("3+4*7-5=", 4)]
    [InlineData("3-5=", 8)]
    [InlineData("9*9+9=", 0)]
    public void A_chain_is_worked_from_left_to_right_and_only_last_digits_count(string problem, int answer)
    {
        var chain = Chain.Read(new Prompt.Text(problem))!;
        Assert.Equal(answer, chain.Answer);
        Assert.Equal(problem, chain.Prompt.Key);
        Assert.Equal(answer, chain.Prompt.Columns[Chain.AnswerColumn].GetInt32());
    }

    [Theory]
    [InlineData("")]
    [InlineData("3=")]
    [InlineData("3+=")]
    [InlineData("3/4=")]
    [InlineData("3+4")]
    [InlineData("a+4=")]
    public void What_is_no_chain_is_not_read_as_one(string text) => Assert.Null(Chain.Read(new Prompt.Text(text)));

    [Theory]
    // 3 + 4 = 7, 7 * 7 = 49, 9 - 5 = 4
    [InlineData("3+4=7\n7*7=9\n9-5=4", "1 1 1", true)]
    // After an error steps are judged by what they go on from.
    [InlineData("3+4=8\n8*7=6\n6-5=1", "-1 1 1", false)]
    // Two errors, and the right answer.
    [InlineData("3+4=8\n8*7=6\n6-5=4", "-1 1 -1", true)]
    // Another operation than the problem's, and a number that nobody came to.
    [InlineData("3+5=8\n7*7=9\n9-5=4", "-1 -1 1", true)]
    [InlineData("3+4=7\n7*7=", "1 -1", false)]
    [InlineData("3+4=7\n7*7=9\n9-5=4\n4+0=4", "1 1 1 -1", true)]
    public void Every_step_is_labelled(string solution, string labels, bool outcome)
    {
        var row = StepChecker.Label(new Prompt.Text("3+4*7-5="), solution)!;
        Assert.Equal(labels, string.Join(' ', row.Steps.Select(s => s.Label)));
        Assert.Equal(outcome, row.Outcome);
        Assert.Equal(solution, string.Join('\n', row.Steps.Select(s => s.Text)));
    }

    [Fact]
    public void Where_there_is_no_step_there_is_no_label()
    {
        Assert.Null(StepChecker.Label(new Prompt.Text("3+4="), "\n"));
        Assert.Null(StepChecker.Label(new Prompt.Text("Who?"), "3+4=7"));
    }

    [Fact]
    public void The_pupil_errs_as_often_as_is_said_and_on_hard_facts_mostly_in_one_way()
    {
        var rng = new Seed(4).Rng();
        var (hard, rightIfHard, believed, easy, rightIfEasy) = (0, 0, 0, 0, 0);
        for (var i = 0; i < 30_000; i++)
        {
            var (left, operation) = (rng.NextInt(10), new Operation(Chain.Signs[rng.NextInt(3)], rng.NextInt(10)));
            var result = Pupil.Result(left, operation, rng);
            var isRight = result == operation.Of(left);
            if (Pupil.IsHard(left, operation))
            {
                hard++;
                rightIfHard += isRight ? 1 : 0;
                believed += result == Pupil.Misconception(left, operation) ? 1 : 0;
            }
            else
            {
                easy++;
                rightIfEasy += isRight ? 1 : 0;
            }
        }

        Assert.InRange(hard / 30_000.0, 0.25, 0.35);
        Assert.Equal(0.35, rightIfHard / (double)hard, 0.02);
        // 0.65 (0.85 + 0.15 / 9)
        Assert.Equal(0.563, believed / (double)hard, 0.02);
        Assert.Equal(0.95, rightIfEasy / (double)easy, 0.01);
    }

    [Fact]
    public void A_longer_corpus_begins_with_the_shorter_one() =>
        Assert.Equal(ArithmeticWorld.Demonstrations(new Seed(1), 10), ArithmeticWorld.Demonstrations(new Seed(1), 30).Take(10));

    [Fact]
    public void Law_a_solution_has_every_step_right_only_where_its_answer_is()
    {
        foreach (var (prompt, answer) in ArithmeticWorld.Demonstrations(new Seed(2), 500))
        {
            var row = StepChecker.Label(prompt, answer)!;
            Assert.Equal(ArithmeticWorld.Length, row.Steps.Length);
            Assert.True(row.Outcome == true || row.Steps.Any(s => s.Label < 0));
        }
    }
}
