namespace Attune.Feedback.Labels;

/// <summary>The kind of a task by which people are measured.</summary>
public enum GoldKind
{
    /// <summary>The right answer is known, and the task looks like any other.</summary>
    Gold,

    /// <summary>Everyone who reads it gets it right.</summary>
    Attention,

    /// <summary>Asked first, before any other task.</summary>
    Screening,
}
