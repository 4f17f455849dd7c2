using Attune.Core.Runs;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Reward;

/// <summary>What reward training logs, under TRL's names.</summary>
internal static class RewardMetrics
{
    /// <summary>accuracy (strictly greater) and margin, over pairs.</summary>
    public static void AddPairs(Metrics metrics, Tensor better, Tensor worse)
    {
        using var scope = NewDisposeScope();
        var margin = (better - worse).detach();
        metrics.AddSum("accuracy", margin.gt(0).sum().ToDouble(), margin.numel());
        metrics.AddSum("margin", margin.sum().ToDouble(), margin.numel());
    }

    /// <summary>min, mean and max of the rewards of a batch.</summary>
    public static void AddRange(Metrics metrics, Tensor rewards)
    {
        using var scope = NewDisposeScope();
        var plain = rewards.detach();
        metrics.Add("min_reward", plain.min().ToDouble());
        metrics.AddSum("mean_reward", plain.sum().ToDouble(), plain.numel());
        metrics.Add("max_reward", plain.max().ToDouble());
    }
}
