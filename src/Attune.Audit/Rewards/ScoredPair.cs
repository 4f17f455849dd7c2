using Attune.Audit.Judgements;

namespace Attune.Audit.Rewards;

/// <summary>A judgement and the rewards of its answers, in log-odds where the reward model was trained on comparisons.</summary>
public sealed record ScoredPair(PairJudgement Judgement, double First, double Second)
{
    public double Margin => First - Second;

    /// <summary>Whether the reward prefers what the person preferred.</summary>
    public bool IsRight => Margin > 0 == (Judgement.FirstWins == 1);
}
