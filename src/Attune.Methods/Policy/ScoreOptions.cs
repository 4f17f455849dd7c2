using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Rollouts;
using Attune.Core.Statistics;

namespace Attune.Methods.Policy;

/// <summary>What scores are divided by before anything learns from them.</summary>
public enum ScoreScaling
{
    None,

    /// <summary>The standard deviation of all scores so far.</summary>
    Deviation,

    /// <summary>The same, after their mean is subtracted.</summary>
    Standardize,
}

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

    [Description(
        "divide scores by the standard deviation of all so far (deviation), after subtracting their mean (standardize), or not (none)"
    )]
    public ScoreScaling ScoreScaling { get; init; } = ScoreScaling.None;

    [Description("clip scores at this magnitude; 0 for no limit")]
    [Range(0, 1e6)]
    public double ScoreClip { get; init; }

    /// <summary>Scores in the unit that <see cref="ScoreScaling"/> asks for; what was seen is remembered.</summary>
    internal IReadOnlyList<Score> Scaled(IReadOnlyList<Score> scores, RunningMoments seen)
    {
        if (ScoreScaling != ScoreScaling.None)
        {
            seen.Add([.. scores.Select(s => s.Total)]);
        }

        return InUnitOf(scores, seen);
    }

    /// <summary>The same of scores that are compared with those seen: nothing is remembered of them.</summary>
    internal IReadOnlyList<Score> InUnitOf(IReadOnlyList<Score> scores, RunningMoments seen)
    {
        if (ScoreScaling == ScoreScaling.None)
        {
            return scores;
        }

        var scale = 1 / (seen.Deviation + Smallest);
        var shift = ScoreScaling == ScoreScaling.Standardize ? -seen.Mean * scale : 0;
        // A shift belongs to the answer: it is paid where the last mark is.
        return
        [
            .. scores.Select(s =>
            {
                var scaled = s.Scale(scale);
                var last = scaled.TokenRewards[^1];
                return scaled with
                {
                    TokenRewards = scaled.TokenRewards.SetItem(scaled.TokenRewards.Length - 1, last with { Value = last.Value + shift }),
                };
            }),
        ];
    }

    // The spacing of float32 at 1, which TRL adds.
    private const double Smallest = 1.1920929e-07;

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
