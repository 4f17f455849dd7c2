namespace Attune.Audit.Rewards;

/// <summary>An answer and what a reward makes of it.</summary>
/// <param name="Gold">Hidden utility, where the annotators are simulated.</param>
/// <param name="Kl">Divergence from the reference, nats.</param>
public sealed record ScoredAnswer(string Prompt, string Answer, double Reward, double? Gold = null, double? Kl = null);
