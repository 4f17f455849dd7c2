using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Data.Encoding;

namespace Attune.Training.Rewards;

/// <summary>Answers that were not sampled here, as rewards read them.</summary>
public static class GivenAnswer
{
    /// <param name="cut">Whether it was cut at the longest length instead of ending by itself.</param>
    public static Rollout Rollout(Encoder encoder, Prompt prompt, string answer, bool cut, long weightVersion = 0)
    {
        // A cut answer without text has no token to score but the end token.
        var tokens = cut && answer.Length > 0 ? encoder.EncodeUnfinished(prompt, answer) : encoder.Encode(prompt, answer);
        return new Rollout(tokens, [], cut ? StopReason.Length : StopReason.EndToken, weightVersion) { Columns = prompt.Columns };
    }
}
