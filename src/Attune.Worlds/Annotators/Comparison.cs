using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Worlds.Annotators;

/// <summary>What was said of two answers.</summary>
public enum ComparisonOutcome
{
    First,
    Second,
    Tie,
}

/// <summary>Two answers in the order shown, and what an annotator said.</summary>
/// <param name="Margin">The difference as the annotator sees it, 0 or more; null where it was not asked.</param>
public sealed record Comparison(Prompt Prompt, string First, string Second, ComparisonOutcome Outcome, string Annotator, double? Margin)
{
    /// <summary>The preference this is; null for a tie, which prefers nothing.</summary>
    public Preference? ToPreference() =>
        Outcome switch
        {
            ComparisonOutcome.First => new Preference(Prompt, First, Second, Margin) { Annotator = Annotator },
            ComparisonOutcome.Second => new Preference(Prompt, Second, First, Margin) { Annotator = Annotator },
            _ => null,
        };
}
