using Attune.Core.Rollouts;
using Attune.Models.Architecture;
using Attune.Recipes.Running;
using Attune.Training.Rewards;
using Attune.Training.Rollouts;

namespace Attune.Recipes.Stages;

/// <summary>Normalises rewards by answers of the policy that training starts from.</summary>
/// <param name="how">What the rewards of those answers become.</param>
/// <param name="requests">What the policy answers; nothing where rewards stay as they are.</param>
internal sealed class RewardNormaliser(
    RewardNormalisation how,
    SampleRequest[] requests,
    SamplingOptions sampling,
    LanguageModel policy,
    StageContext context
)
{
    /// <returns>The model itself where rewards stay as they are.</returns>
    public async Task<RewardModel> NormaliseAsync(RewardModel model, CancellationToken cancel)
    {
        if (how == RewardNormalisation.None || requests.Length == 0)
        {
            return model;
        }

        var task = $"{requests.Length} answers of the policy";
        context.Screen.Report("normalising", 0, 1, task);
        using var sampler = new LocalSampler();
        await sampler.UseWeightsAsync(policy, 0, cancel);
        var rollouts = await sampler.SampleAsync(requests, sampling, cancel);
        context.Screen.Report("normalising", 1, 1, task);
        return model.Normalised([.. rollouts.Select(r => r.Sequence)], how);
    }
}
