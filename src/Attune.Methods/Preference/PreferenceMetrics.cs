using Attune.Core.Runs;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>What direct methods log, under TRL's names.</summary>
internal static class PreferenceMetrics
{
    public const string Chosen = "chosen";
    public const string Rejected = "rejected";

    /// <summary>Reward and log-probability an answer and mean logit a token of one side.</summary>
    public static void AddSide(Metrics metrics, string side, Tensor rewards, ScoredAnswers answers, Tensor meanLogits)
    {
        using var scope = NewDisposeScope();
        metrics.AddSum($"rewards/{side}", rewards.sum().ToDouble(), rewards.shape[0]);
        metrics.AddSum($"logps/{side}", answers.LogProbs.sum().ToDouble(), rewards.shape[0]);
        metrics.AddSum($"logits/{side}", (meanLogits * answers.Lengths).sum().ToDouble(), answers.Lengths.sum().ToDouble());
    }

    /// <summary>Entropy a token of both sides, and how often a token of the chosen answers was the likeliest.</summary>
    public static void AddTokens(Metrics metrics, ScoredAnswers chosen, ScoredAnswers rejected)
    {
        AddEntropy(metrics, chosen);
        AddEntropy(metrics, rejected);
        metrics.AddSum("mean_token_accuracy", chosen.Sums!.Value.Hits.sum().ToDouble(), chosen.Lengths.sum().ToDouble());
    }

    /// <summary>Mean over the answers' tokens, nats.</summary>
    public static void AddEntropy(Metrics metrics, ScoredAnswers answers) =>
        metrics.AddSum("entropy", answers.Sums!.Value.Entropy.sum().ToDouble(), answers.Lengths.sum().ToDouble());
}
