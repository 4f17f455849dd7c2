namespace Attune.Feedback.Labels;

/// <summary>What a project asks of people.</summary>
public enum ProjectKind
{
    /// <summary>Two answers, with the eight-level strength scale.</summary>
    Comparison,

    /// <summary>Several answers from best to worst, ties allowed.</summary>
    Ranking,

    /// <summary>The best of several answers.</summary>
    BestOf,

    /// <summary>Each step of a solution.</summary>
    Steps,

    /// <summary>Parts of an answer marked with what is wrong, what is missing, and a corrected text.</summary>
    Spans,

    /// <summary>One answer on a scale, or by thumb.</summary>
    Rating,

    /// <summary>A conversation with the model, two replies a turn.</summary>
    Chat,

    /// <summary>Praise and blame at moments of an agent's episode. It is said while the agent acts, not in the queue.</summary>
    Timed,
}
