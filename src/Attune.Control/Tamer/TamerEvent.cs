using System.Text.Json.Serialization;

namespace Attune.Control.Tamer;

/// <summary>What happened in a session, in order. The agent learns from these alone, live or from a log.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(EpisodeBegan), "episode")]
[JsonDerivedType(typeof(StepBegan), "step")]
[JsonDerivedType(typeof(EpisodeEnded), "end")]
[JsonDerivedType(typeof(FeedbackGiven), "feedback")]
public abstract record TamerEvent;

/// <param name="Number">0 for the first.</param>
public sealed record EpisodeBegan([property: JsonRequired] int Number) : TamerEvent;

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
public sealed record FeedbackGiven([property: JsonRequired] double Time, [property: JsonRequired] double Value) : TamerEvent;
