using Attune.Methods.Reward;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Recipes.Running;
using Attune.Training.Checkpoints;
using Attune.Training.Contracts;

namespace Attune.Recipes.Stages;

/// <summary>Members of a reward stage: trained with checkpoints, each kept when it is finished and read when the run resumes.</summary>
internal sealed class KeptMembers<TItem>(RewardOptions method, StageContext context, LanguageModel policy, DataHash hash)
    : IMemberTraining<TItem>
{
    public ScalarModel? Finished(int index) =>
        !Directory.Exists(Folder(index)) ? null
        : method.Training.Lora.R == 0 ? ModelFiles.LoadScalarModel(Folder(index))
        : AdapterFiles.LoadScalarModel(policy, Folder(index));

    public async Task TrainAsync(
        int index,
        ScalarModel member,
        IObjective<TItem> objective,
        IExperience<TItem> experience,
        CancellationToken cancel
    )
    {
        var task = method.Members == 1 ? "reward model" : $"reward model {index + 1} of {method.Members}";
        await context.FitAsync(objective, experience, method.Training, [hash], task, cancel, Name(index));
        SaveWhole(member, Folder(index));
    }

    private static string Name(int index) => $"member-{index + 1}";

    private string Folder(int index) => Path.Combine(context.Folder, Name(index), "final");

    /// <summary>A folder that exists is complete: it is written under another name and renamed.</summary>
    private static void SaveWhole(ScalarModel member, string folder)
    {
        var temporary = folder + ".unfinished";
        ModelFiles.Save(member, temporary);
        Directory.Move(temporary, folder);
    }
}
