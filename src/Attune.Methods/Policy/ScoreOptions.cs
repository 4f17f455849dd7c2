using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Rollouts;

namespace Attune.Methods.Policy;

/// <summary>The group of options that changes a score before anything learns from it.</summary>
public sealed record ScoreOptions
{
    [Description("penalty for an answer that does not end with an end token")]
    [Range(0, 1e6)]
    public double MissingEosPenalty { get; init; }

    [Description("score of an answer that does not end with an end token, in place of the reward's (Stiennon 2020: -1)")]
    public double? MissingEosScore { get; init; }

    [Description(
        "tokens below max_new_tokens from which an answer's length is penalised, linearly up to overlong_penalty at max_new_tokens (DAPO's "
            + "soft overlong punishment); 0 for none"
    )]
    [Range(0, 1_000_000)]
    public int OverlongBuffer { get; init; }

    [Description("penalty of an answer of max_new_tokens, with overlong_buffer")]
    [Range(0, 1e6)]
    public double OverlongPenalty { get; init; } = 1;

    [Description("clip scores at this magnitude; 0 for no limit")]
    [Range(0, 1e6)]
    public double ScoreClip { get; init; }

    /// <summary>The score's rewards after the clip and the rules for answers that did not end or are too long.</summary>
    /// <param name="maxNewTokens">The longest answer that may be sampled.</param>
    public (int Position, double Value)[] Apply(Rollout rollout, Score score, int maxNewTokens)
    {
        var length = rollout.Sequence.AnswerLength;
        var ended = rollout.Stop != StopReason.Length;
        if (!ended && MissingEosScore is { } fixedScore)
        {
            return [(length - 1, fixedScore)];
        }

        // The clip bounds the score, not each mark: marks keep their proportions.
        var total = Math.Abs(score.Total);
        var scale = ScoreClip > 0 && total > ScoreClip ? ScoreClip / total : 1;
        var rewards = score.TokenRewards.Select(r => (r.Position, scale == 1 ? r.Value : scale * r.Value));
        var penalty = Overlong(length, maxNewTokens) + (ended ? 0 : MissingEosPenalty);
        return penalty == 0 ? [.. rewards] : [.. rewards, (length - 1, -penalty)];
    }

    /// <summary>Yu et al. 2025 (arXiv:2503.14476), eq. 13, as a penalty: 0 up to the buffer, then rising to its whole at the end.</summary>
    private double Overlong(int length, int maxNewTokens) =>
        OverlongBuffer == 0 ? 0 : OverlongPenalty * Math.Clamp((length - maxNewTokens + OverlongBuffer) / (double)OverlongBuffer, 0, 1);

    /// <summary>An answer's whole score after the same rules.</summary>
    public double Of(double score, Rollout rollout, int maxNewTokens) =>
        Apply(rollout, Score.Outcome(rollout, score, ""), maxNewTokens).Sum(r => r.Value);
}
