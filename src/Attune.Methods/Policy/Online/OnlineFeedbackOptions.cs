using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Methods.Policy.Online;

/// <summary>What is asked about while a policy learns, and when.</summary>
public sealed record OnlineFeedbackOptions
{
    [Description("questions to ask in the whole run")]
    [Range(1, 10_000_000)]
    public int Labels { get; init; } = 2000;

    [Description("questions to ask before training starts")]
    [Range(1, 10_000_000)]
    public int InitialLabels { get; init; } = 1000;

    [Description("times to ask the other questions and to train a new reward model")]
    [Range(0, 100_000)]
    public int Refreshes { get; init; } = 4;

    [Description("how the rate of questions falls in the run: ziegler, hyperbolic or constant")]
    public LabelRate Schedule { get; init; } = LabelRate.Ziegler;

    [Description("answers in a question, of which the best is chosen")]
    [Range(2, 64)]
    public int Answers { get; init; } = 2;

    [Description("which questions to ask: random ones, or those on which the reward models disagree most")]
    public QuestionSelection Selection { get; init; } = QuestionSelection.Random;

    [Description("disagreement only: candidates for each question")]
    [Range(2, 1000)]
    public int Candidates { get; init; } = 4;

    [Description("seconds to wait for a round's answers before training on those received; 0 waits for all")]
    [Range(0, 1e9)]
    public double AnswerTimeout { get; init; }
}
