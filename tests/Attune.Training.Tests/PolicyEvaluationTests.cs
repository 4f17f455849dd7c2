using Attune.Core.Rollouts;
using Attune.Core.Tokens;
using Attune.Training.Evaluation;

namespace Attune.Training.Tests;

public sealed class PolicyEvaluationTests
{
    private const string Share = "eval/unknown_word_share";

    [Fact]
    public void One_answer_of_four_has_an_unknown_word() =>
        Assert.Equal(0.25, PolicyEvaluation.Summarise([Answer(false), Answer(true), Answer(false), Answer(false)])[Share]);

    [Fact]
    public void Where_no_world_says_there_is_no_share() => Assert.False(PolicyEvaluation.Summarise([Answer(null)]).Contains(Share));

    private static EvaluatedAnswer Answer(bool? unknownWord) =>
        new(
            0,
            "prompt",
            "answer",
            new Rollout(new TokenSequence([1, 2], 1), [0], StopReason.EndToken, 0),
            Proxy: null,
            Spread: null,
            Gold: null,
            LogRatio: 0,
            LogRatioK3: 0,
            PretrainedLogProb: null,
            unknownWord
        );
}
