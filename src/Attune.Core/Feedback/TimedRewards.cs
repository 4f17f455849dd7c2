using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Attune.Core.Conversations;

namespace Attune.Core.Feedback;

/// <summary>What a person said of an agent at a moment of an episode, by a key.</summary>
/// <param name="Time">s, on the clock of the episode's steps</param>
/// <param name="Value">positive for praise</param>
/// <param name="Frame">that was on the screen; null where it was not recorded</param>
public readonly record struct TimedReward(
    double Time,
    double Value,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Frame = null
);

/// <summary>Praise and blame during an episode, as TAMER learns from (Knox and Stone 2008).</summary>
/// <param name="Episode">Its steps as the lines of a session's log: what was seen, what was done, and when.</param>
/// <param name="Rewards">In the order of time; empty where nothing was said, which teaches nothing.</param>
public sealed record TimedRewards(Prompt Prompt, string Episode, ImmutableArray<TimedReward> Rewards) : Label(Prompt);
