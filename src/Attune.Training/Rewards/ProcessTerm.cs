using System.ComponentModel;
using Attune.Core;
using Attune.Data.Encoding;
using Attune.Training.Contracts;
using Attune.Training.Tokens;

namespace Attune.Training.Rewards;

/// <summary>A trained process reward model.</summary>
[Reward("process", "what a process reward model makes of an answer's steps: one number, or one at the end of each step")]
public sealed record ProcessTerm : RewardTerm
{
    [Description("folder of a process reward model, or 'trained' for the one of the earlier process-reward stage")]
    public required string Process { get; init; }

    [Description(
        "how the steps' rewards become one: product, min, last, mean or sum; or none: each stands at the end of its step, for PPO, "
            + "REINFORCE++, and GRPO with supervision: process"
    )]
    public StepAggregation Aggregate { get; init; } = StepAggregation.Product;

    public override IEnumerable<string> Missing(RewardPlan plan)
    {
        if (Process == ModelTerm.Trained && !plan.HasTrainedModel)
        {
            yield return $"{plan.Stage} has no process reward model: no process-reward stage comes before. Name a folder.";
        }
        else if (Process != ModelTerm.Trained && !Directory.Exists(Process))
        {
            yield return $"{plan.Stage}.reward.process: {Process} is not a folder; expected a process reward model's, or "
                + $"'{ModelTerm.Trained}'.";
        }
    }

    public override IReward Build(RewardContext context)
    {
        var folder = Process == ModelTerm.Trained ? context.TrainedFolder : Process;
        if (folder is null || (Process == ModelTerm.Trained && !ProcessModel.IsAt(folder)))
        {
            throw new ConfigurationException(
                $"{context.Stage}.reward.process is '{ModelTerm.Trained}', but the reward model before it judges whole answers. Expected a "
                    + "process-reward stage before, or a folder."
            );
        }

        var model = ProcessModel.Load(folder, context.Precision);
        context.Owned.Add(model);
        return new StepwiseReward(model, Aggregate, context.Encoder, JudgeOf(folder, model, context.Encoder));
    }

    /// <summary>The model's own encoder; null where it reads the policy's tokens.</summary>
    internal static Encoder? JudgeOf(string folder, ProcessModel model, Encoder policy)
    {
        if (!ModelTokenizer.HasFiles(folder))
        {
            ModelTokenizer.Require(policy.Tokenizer, folder, model.Classifier.Config);
            return null;
        }

        var own = ModelTokenizer.Load(folder);
        return ModelTokenizer.IsSame(policy.Tokenizer, own.Tokenizer) ? null : new Encoder(own);
    }
}
