using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;

namespace Attune.Feedback.Labels;

/// <summary>
/// An answer to be judged, and where it came from. Only <see cref="Text"/> and <see cref="Steps"/> are ever shown to annotators.
/// </summary>
public sealed record Candidate(string Text)
{
    /// <summary>The parts of a solution that are rated one by one; empty elsewhere.</summary>
    public ImmutableArray<string> Steps { get; init; } = [];

    /// <summary>Whether it was cut at the longest length instead of ending by itself.</summary>
    public bool IsCut { get; init; }

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
