using Attune.Core.Runs;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>What direct methods log, under TRL's names.</summary>
internal static class PreferenceMetrics
{
    public const string Chosen = "chosen";
    public const string Rejected = "rejected";

    /// <summary>Reward, log-probability and mean logit of one side.</summary>
    public static void AddSide(Metrics metrics, string side, Tensor rewards, ScoredAnswers answers, Tensor meanLogits)
    {
        using var scope = NewDisposeScope();
        metrics.AddSum($"rewards/{side}", rewards.sum().ToDouble(), rewards.shape[0]);
        metrics.AddSum($"logps/{side}", answers.LogProbs.sum().ToDouble(), rewards.shape[0]);
        metrics.AddSum($"logits/{side}", meanLogits.sum().ToDouble(), rewards.shape[0]);
    }
}
