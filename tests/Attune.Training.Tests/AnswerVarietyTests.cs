using Attune.Training.Evaluation;

namespace Attune.Training.Tests;

public sealed class AnswerVarietyTests
{
    [Fact]
    public void Values_worked_out_by_hand()
    {
        // "a good", "good film" twice, "a bad": three kinds of four pairs; a lone word has none.
        string[] answers = ["a good film", "good film", "a bad", "good"];
        Assert.Equal(0.75, AnswerVariety.DistinctPairs(answers));
        Assert.Equal(1, AnswerVariety.Distinct(answers));
        Assert.Equal(0.5, AnswerVariety.Distinct(["a", "b", "a", "a"]));
        Assert.Equal(1, AnswerVariety.DistinctPairs(["film", ""]));
    }

    [Fact]
    public void Saying_all_twice_halves_both()
    {
        string[] answers = ["a good  film", "a bad\nfilm"];
        Assert.Equal(AnswerVariety.Distinct(answers) / 2, AnswerVariety.Distinct([.. answers, .. answers]));
        Assert.Equal(AnswerVariety.DistinctPairs(answers) / 2, AnswerVariety.DistinctPairs([.. answers, .. answers]));
    }
}
