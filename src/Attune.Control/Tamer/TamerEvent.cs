using System.Text.Json.Serialization;

namespace Attune.Control.Tamer;

/// <summary>What happened in a session, in order. The agent learns from these alone, live or from a log.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(EpisodeBegan), "episode")]
[JsonDerivedType(typeof(StepBegan), "step")]
[JsonDerivedType(typeof(EpisodeEnded), "end")]
[JsonDerivedType(typeof(FeedbackGiven), "feedback")]
[JsonDerivedType(typeof(FeedbackUndone), "undo")]
public abstract record TamerEvent
{
    /// <summary>Number that the browser gave it, so that what is sent twice is taken once; null where there was no browser.</summary>
    [JsonPropertyName("id")]
    public long? Number { get; init; }
}

/// <param name="Episode">0 for the first.</param>
/// <param name="Environment">Its name; null in logs that did not say.</param>
public sealed record EpisodeBegan([property: JsonRequired, JsonPropertyName("number")] int Episode, string? Environment = null)
    : TamerEvent;

/// <summary>An action came on the screen; the step before it ended.</summary>
/// <param name="Time">s, on a clock that only goes forward</param>
public sealed record StepBegan(
    [property: JsonRequired] double Time,
    [property: JsonRequired] float[] Observation,
    [property: JsonRequired] int Action
) : TamerEvent;

/// <summary>The last step ended; feedback on it may still come.</summary>
public sealed record EpisodeEnded([property: JsonRequired] double Time) : TamerEvent;

/// <summary>The trainer pressed a key.</summary>
/// <param name="Value">positive for praise</param>
/// <param name="Frame">On the screen then; for readers, since time alone decides the credit.</param>
public sealed record FeedbackGiven([property: JsonRequired] double Time, [property: JsonRequired] double Value, long? Frame = null)
    : TamerEvent;

/// <summary>The newest feedback that was not taken back is taken back.</summary>
public sealed record FeedbackUndone([property: JsonRequired] double Time) : TamerEvent;
