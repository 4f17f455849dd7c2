using System.Collections.Immutable;

namespace Attune.Web.Teaching;

/// <summary>Something that happened in the browser, with the browser's time.</summary>
/// <param name="Number">1, 2, ... in the order of what happened; a number that was taken before is left out</param>
/// <param name="Kind">shown (a frame came on the screen), feedback, or undo (of the newest feedback)</param>
/// <param name="Time">s, on a clock that only goes forward</param>
/// <param name="Frame">on the screen then</param>
/// <param name="Value">of feedback: positive for praise</param>
public sealed record TeachingEvent(long Number, string Kind, double Time, long Frame, double Value = 0);

/// <summary>What to show next.</summary>
/// <param name="Id">one more for each frame</param>
/// <param name="Step">of the episode, 0 for its first</param>
/// <param name="Observation">what the agent sees</param>
/// <param name="Action">what it does</param>
/// <param name="Predicted">[action]: what it expects a person to say</param>
/// <param name="Ended">the episode is over; the observation is its last</param>
/// <param name="Finished">and no other follows</param>
public sealed record TeachingFrame(
    long Id,
    int Episode,
    int Step,
    ImmutableArray<float> Observation,
    int Action,
    ImmutableArray<double> Predicted,
    bool Ended,
    bool Finished
);

/// <param name="Taken">number of the last event that is stored</param>
/// <param name="Time">s, of the last event; a page that begins anew goes on from here</param>
/// <param name="Feedback">given so far, less what was undone</param>
public sealed record TeachingReply(long Taken, double Time, int Feedback, TeachingFrame Frame);

/// <summary>
/// An agent that a person in a browser teaches. The browser keeps the clock; calls may come again after a lost connection.
/// </summary>
public interface ITeachingSession
{
    string Environment { get; }

    /// <summary>Names of the actions, for the display.</summary>
    int Actions { get; }

    /// <summary>s that a step stays on the screen.</summary>
    double StepSeconds { get; }

    /// <summary>Stores the events, learns from them, and gives the frame that follows what was shown.</summary>
    /// <exception cref="Core.DataException">An event cannot be: the message says why.</exception>
    TeachingReply Exchange(IReadOnlyList<TeachingEvent> events);
}
