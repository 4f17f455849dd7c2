using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Methods.Reward;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Checkpoints;
using Attune.Training.Experience;
using Attune.Training.Rewards;

namespace Attune.Recipes.Stages;

/// <summary>Trains the members of a reward model, one after another; those that are finished already are read.</summary>
internal sealed class RewardFit<TLabel, TItem>(
    RewardOptions method,
    IRewardLoss<TLabel, TItem> loss,
    StageContext context,
    LanguageModel policy
)
    where TLabel : Label
{
    public async Task<RewardModel> RunAsync(EncodedSplit<TItem> data, DataHash hash, CancellationToken cancel)
    {
        var members = new List<ScalarModel>();
        var heldOutPairs = data.HeldOut.SelectMany(loss.Pairs).ToArray();
        for (var i = 0; i < method.Members; i++)
        {
            var name = $"member-{i + 1}";
            var finished = Path.Combine(context.Folder, name, "final");
            if (Directory.Exists(finished))
            {
                members.Add(
                    method.Training.Lora.R == 0 ? ModelFiles.LoadScalarModel(finished) : AdapterFiles.LoadScalarModel(policy, finished)
                );
                continue;
            }

            var member = NewMember(i);
            var experience = new DatasetExperience<TItem>(data.Train, method.Training.BatchSize, method.Epochs)
            {
                Evaluate = () => Evaluate(member, heldOutPairs),
                EvaluateEvery = method.EvaluateEvery,
                Vary = method.TokenDropout > 0 ? Vary : null,
            };
            var task = method.Members == 1 ? "reward model" : $"reward model {i + 1} of {method.Members}";
            await context.FitAsync(loss.Objective(member), experience, method.Training, [hash], task, cancel, name);
            SaveWhole(member, finished);
            members.Add(member);
        }

        return new RewardModel(members, 0, 1);
    }

    private ScalarModel NewMember(int index)
    {
        var member = method.Training.Lora.Config is { } adapter
            ? ScalarModel.Adapted(policy, adapter, context.Seed.For("head", index))
            : new ScalarModel(policy, context.Seed.For("head", index), method.Training.Precision);
        context.FreezeLayers(member, method.Training);
        return member;
    }

    private static Metrics Evaluate(ScalarModel member, (TokenSequence Better, TokenSequence Worse)[] heldOutPairs)
    {
        var metrics = new Metrics();
        if (heldOutPairs.Length > 0)
        {
            metrics.Set("eval_accuracy", PairFit.Of(new RewardModel([member], 0, 1), heldOutPairs).Accuracy);
        }

        return metrics;
    }

    private TItem Vary(TItem item, Seed seed)
    {
        var rng = seed.Rng();
        return loss.Change(item, s => s.WithTokenDropout(method.TokenDropout, rng));
    }

    /// <summary>A folder that exists is complete: it is written under another name and renamed.</summary>
    private static void SaveWhole(ScalarModel member, string folder)
    {
        var temporary = folder + ".unfinished";
        ModelFiles.Save(member, temporary);
        Directory.Move(temporary, folder);
    }
}
