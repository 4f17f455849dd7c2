using Attune.Core.Rollouts;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>A learned reward that is replaced while a policy learns from it.</summary>
public sealed class RefreshedReward : IReward, IDisposable
{
    public string Name => "reward model";

    /// <summary>The newest; null before the first.</summary>
    public RewardModel? Model { get; private set; }

    /// <summary>Takes over the model, and disposes the one before.</summary>
    public void Use(RewardModel model)
    {
        Model?.Dispose();
        Model = model;
    }

    public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel) =>
        new LearnedReward(Model ?? throw new InvalidOperationException("no reward model yet: ask for labels first.")).ScoreAsync(
            rollouts,
            cancel
        );

    public void Dispose() => Model?.Dispose();
}
