using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;

namespace Attune.Feedback.Labels;

/// <summary>Why a task is among those that people are measured by.</summary>
public enum GoldKind
{
    /// <summary>The right answer is known, and the task looks like any other.</summary>
    Gold,

    /// <summary>Anyone who reads it gets it right.</summary>
    Attention,

    /// <summary>Asked first, before any other task.</summary>
    Screening,
}
