using System.Collections.Immutable;

namespace Attune.Feedback.Labels;

/// <summary>A project's settings. Changing them does not change existing labels.</summary>
public sealed record ProjectSettings
{
    /// <summary>How many people label each task.</summary>
    public int Quota { get; init; } = 1;

    /// <summary>The question above the answers.</summary>
    public string Instruction { get; init; } = "Choose the most helpful and honest response.";

    /// <summary>How long a task stays with a person who sends no heartbeat, in seconds.</summary>
    public int LeaseSeconds { get; init; } = 600;

    /// <summary>Tasks that one person may hold unfinished, so that opened tasks do not stay hidden from others.</summary>
    public int MostPending { get; init; } = 1;

    /// <summary>Show answers in an order drawn for each person and task.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>
    /// One task in n is a gold or attention task, while there are any that the person has not seen; 0 for none. The intervals are drawn at
    /// random for each person, from 1 to 2n - 1.
    /// </summary>
    public int GoldEvery { get; init; }

    /// <summary>One task in n is one that the person has labelled before, at intervals drawn like those of gold; 0 for none.</summary>
    public int RepeatEvery { get; init; }

    /// <summary>A task is repeated only after the person has seen this many others, so that they do not answer from memory.</summary>
    public int RepeatDistance { get; init; } = 20;

    /// <summary>A person who gets less than this share of gold right is paused; null for never.</summary>
    public double? LeastGoldAccuracy { get; init; }

    /// <summary>Gold answers needed before anyone is paused.</summary>
    public int GoldBeforePause { get; init; } = 10;

    /// <summary>Flags after which a task is held back for the manager.</summary>
    public int FlagsToHold { get; init; } = 2;

    /// <summary>Types of errors that spans may have; empty for any.</summary>
    public ImmutableArray<string> ErrorTypes { get; init; } = [];

    /// <summary>Types of missing information; empty for any.</summary>
    public ImmutableArray<string> MissingTypes { get; init; } = [];

    /// <summary>Ask for a corrected text beside spans.</summary>
    public bool AskCorrection { get; init; } = true;

    /// <summary>Lowest rating; thumbs are 0 and 1.</summary>
    public double Worst { get; init; } = 1;

    /// <summary>Highest rating.</summary>
    public double Best { get; init; } = 5;

    /// <summary>
    /// Load images that texts name on other servers. Those servers then learn who reads what, and when, so only an owner allows it.
    /// </summary>
    public bool RemoteImages { get; init; }

    /// <summary>Turns a chat should have.</summary>
    public int ChatTurns { get; init; } = 5;

    public bool Thumbs => Worst == 0 && Best == 1;

    /// <summary>Every problem with these settings, each one sentence.</summary>
    public IEnumerable<string> Problems()
    {
        if (Quota is < 1 or > 1000)
        {
            yield return $"quota is {Quota}; expected 1 to 1000.";
        }
        if (LeaseSeconds is < 10 or > 86400)
        {
            yield return $"lease_seconds is {LeaseSeconds}; expected 10 to 86400.";
        }
        if (MostPending is < 1 or > 100)
        {
            yield return $"most_pending is {MostPending}; expected 1 to 100.";
        }
        if (GoldEvery < 0 || RepeatEvery < 0)
        {
            yield return "gold_every and repeat_every count tasks; expected 0 (never) or more.";
        }
        if (RepeatDistance is < 1 or > 100_000)
        {
            yield return $"repeat_distance is {RepeatDistance}; expected 1 to 100000 tasks between a task and its repeat.";
        }
        if (LeastGoldAccuracy is < 0 or > 1)
        {
            yield return FormattableString.Invariant($"least_gold_accuracy is {LeastGoldAccuracy}; expected 0 to 1.");
        }
        if (!(Worst < Best))
        {
            yield return FormattableString.Invariant($"ratings reach from {Worst} to {Best}; expected worst to be less than best.");
        }
        if (ChatTurns is < 1 or > 100)
        {
            yield return $"chat_turns is {ChatTurns}; expected 1 to 100.";
        }
    }
}
