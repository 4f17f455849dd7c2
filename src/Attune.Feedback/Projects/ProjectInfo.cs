using System.Collections.Immutable;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;

namespace Attune.Feedback.Projects;

public sealed record ProjectInfo(
    Guid Id,
    string Name,
    ProjectKind Kind,
    ProjectState State,
    ProjectSettings Settings,
    int GuidelineVersion,
    DateTimeOffset CreatedAt
);

/// <summary>One version of a project's guidelines; versions never change.</summary>
public sealed record GuidelineVersion(Guid Id, int Number, string Markdown, string Sha256, DateTimeOffset CreatedAt);

/// <summary>The result of adding items.</summary>
/// <param name="Duplicates">Items whose name or content the project already had.</param>
/// <param name="Labels">Labels added, also to items that were there already.</param>
public sealed record AddedItems(int Items, int Duplicates, int Labels)
{
    /// <summary>Labels that were there already: the same item, person and source.</summary>
    public int Present { get; init; }

    /// <summary>Labels that replace an earlier one of the same person and source, which stays on record.</summary>
    public int Changed { get; init; }

    /// <summary>
    /// Of <see cref="Labels"/>, those by a person who had labelled the same item before. Like a task asked again they tell how steady a
    /// person is; snapshots and exports have the first.
    /// </summary>
    public int Repeats { get; init; }

    public ImmutableArray<LeftOut> LeftOut { get; init; } = [];

    /// <summary>What else there is to know about the file they came from.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];
}

/// <summary>The progress of a project.</summary>
/// <param name="Wanted">Labels that its tasks have places for, without gold and repeats.</param>
public sealed record ProjectProgress(int Tasks, int Wanted, int Done, int InHand, int Surplus, int Skipped, int Flagged, int Held)
{
    public double Share => Wanted == 0 ? 0 : (double)Done / Wanted;
}
