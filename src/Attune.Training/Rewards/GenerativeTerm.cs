using System.ComponentModel;
using Attune.Data.Encoding;
using Attune.Models.Files;
using Attune.Training.Contracts;
using Attune.Training.Tokens;

namespace Attune.Training.Rewards;

/// <summary>A language model that says whether an answer is good.</summary>
[Reward("generative", "how likely a language model finds one verdict on the answer, such as Yes, against another, such as No")]
public sealed record GenerativeTerm : RewardTerm
{
    [Description("folder of a language model, which is asked about each answer")]
    public required string Generative { get; init; }

    [Description("what it is asked; {prompt} and {answer} stand for those")]
    public string Question { get; init; } = "{prompt}{answer}\nIs this a good answer? Answer Yes or No.";

    [Description("verdict on a good answer, as the model would write it, a space before it included")]
    public string Good { get; init; } = " Yes";

    [Description("verdict on a bad answer")]
    public string Bad { get; init; } = " No";

    [Description("reward by the log-odds of the verdicts, in nats, instead of the probability of the good one")]
    public bool LogOdds { get; init; }

    public override IEnumerable<string> Missing(RewardPlan plan)
    {
        if (!ModelFiles.Exists(Generative))
        {
            yield return $"{plan.Stage}.reward.generative: {Generative} is not a folder or a GGUF file; expected a language model's.";
        }

        if (!Question.Contains("{answer}", StringComparison.Ordinal))
        {
            yield return $"{plan.Stage}.reward.question has no {{answer}}, so all answers would have one reward. Expected it once or more.";
        }

        if (Good.Length == 0 || Bad.Length == 0 || Good == Bad)
        {
            yield return $"{plan.Stage}.reward: good is '{Good}' and bad is '{Bad}'; expected two different verdicts.";
        }
    }

    public override IReward Build(RewardContext context)
    {
        var text = ModelTokenizer.Load(Generative);
        var reward = new GenerativeReward(
            ModelFiles.LoadLanguageModel(Generative, context.Precision),
            new Encoder(text),
            context.Encoder,
            Question,
            (Good, Bad),
            LogOdds
        );
        context.Owned.Add(reward);
        return reward;
    }
}
