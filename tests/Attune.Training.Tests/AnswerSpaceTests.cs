using System.Collections.Immutable;
using Attune.Core.Tokens;
using Attune.Testing.Training;
using Attune.Training.Batches;
using Attune.Training.Evaluation;

namespace Attune.Training.Tests;

public sealed class AnswerSpaceTests
{
    private static readonly ImmutableArray<int> Prompt = [1, 3];

    [Fact]
    public void Every_answer_comes_once()
    {
        var space = AnswerSpace.Of(TinyModels.Config(5), 0, 3)!;
        Assert.Equal(1 + 4 + 16 + 64, space.Count);
        var answers = Enumerable.Range(0, space.Count).Select(space.Answer).ToArray();
        Assert.Equal([0], answers[0]);
        Assert.Equal([4, 0], answers[4]);
        Assert.Equal([4, 4, 4], answers[^1]);
        Assert.Equal(space.Count, answers.Select(a => string.Join(' ', a)).Distinct().Count());
        Assert.All(answers, a => Assert.Equal(a.Length == 3 && a[^1] != 0 ? -1 : a.Length - 1, a.IndexOf(0)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.6)]
    public void Probabilities_sum_to_1_and_agree_with_each_answer_scored_alone(double temperature)
    {
        using var model = TinyModels.Language(3, 5);
        var space = AnswerSpace.Of(model.Config, 0, 4)!;
        var probabilities = space.Probabilities(model, Prompt, temperature);
        Assert.Equal(1, probabilities.Sum(), 1e-12);
        int[] some = [0, 1, 7, 30, 84, space.Count - 1];
        var alone = AnswerLogProbs.Of(
            model,
            [.. some.Select(i => new TokenSequence([.. Prompt, .. space.Answer(i)], Prompt.Length))],
            temperature
        );
        for (var i = 0; i < some.Length; i++)
        {
            Assert.Equal(alone[i].Sum(p => (double)p), Math.Log(probabilities[some[i]]), 1e-4);
        }
    }

    [Fact]
    public void An_end_token_that_is_not_the_first_id_is_found_too()
    {
        using var model = TinyModels.Language(4, 5);
        var space = AnswerSpace.Of(model.Config, 2, 2)!;
        Assert.Equal([1, 2], space.Answer(2));
        Assert.Equal(1, space.Probabilities(model, Prompt).Sum(), 1e-12);
        var alone = AnswerLogProbs.Of(model, [new TokenSequence([.. Prompt, .. space.Answer(2)], Prompt.Length)])[0];
        Assert.Equal(alone.Sum(p => (double)p), Math.Log(space.Probabilities(model, Prompt)[2]), 1e-4);
    }

    [Fact]
    public void A_space_too_large_to_count_is_none() => Assert.Null(AnswerSpace.Of(TinyModels.Config(300), 0, 4));
}
