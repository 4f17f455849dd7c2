using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;

namespace Attune.Feedback;

/// <summary>
/// An answer to be judged, and where it came from. Only <see cref="Text"/> and <see cref="Steps"/> are ever shown to annotators.
/// </summary>
public sealed record Candidate(string Text)
{
    /// <summary>The parts of a solution that are rated one by one; empty elsewhere.</summary>
    public ImmutableArray<string> Steps { get; init; } = [];

    /// <summary>Which model or person wrote it.</summary>
    public string? Policy { get; init; }

    /// <summary>Further fields of the file it was read from, kept for export.</summary>
    public JsonObject? Extras { get; init; }

    public static Candidate OfSteps(IEnumerable<string> steps)
    {
        ImmutableArray<string> all = [.. steps];
        return new Candidate(string.Join('\n', all)) { Steps = all };
    }
}

/// <summary>A prompt with the answers to judge.</summary>
public sealed record ItemContent(Prompt Prompt, ImmutableArray<Candidate> Candidates)
{
    /// <summary>
    /// The name under which the item is known outside; null for none. Items with equal names or equal contents are added once.
    /// </summary>
    public string? ExternalId { get; init; }

    /// <summary>Passages an answer should rest on, each a title and sentences; empty for none.</summary>
    public ImmutableArray<ImmutableArray<string>> Passages { get; init; } = [];

    /// <summary>Further fields of the file it was read from, kept for export.</summary>
    public JsonObject? Extras { get; init; }
}

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

/// <summary>An item to add.</summary>
public sealed record NewItem(ItemContent Content)
{
    /// <summary>The answer expected, in the item's positions; makes it a gold task, shown once to everyone.</summary>
    public Judgement? Expected { get; init; }

    public GoldKind GoldKind { get; init; }

    /// <summary>Higher ones are asked first.</summary>
    public int Priority { get; init; }

    /// <summary>Labels that exist already.</summary>
    public ImmutableArray<ExistingLabel> Labels { get; init; } = [];
}

/// <summary>A label from elsewhere.</summary>
/// <param name="Annotator">Who gave it, as the source names them; null where it does not.</param>
/// <param name="Judgement">In the item's positions.</param>
public sealed record ExistingLabel(string? Annotator, Judgement Judgement)
{
    public DateTimeOffset? At { get; init; }

    /// <summary>Time spent; null where the source does not tell.</summary>
    public TimeSpan? Active { get; init; }

    /// <summary>Further fields of the file it was read from, kept for export.</summary>
    public JsonObject? Extras { get; init; }
}
