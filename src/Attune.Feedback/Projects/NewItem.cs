using System.Collections.Immutable;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Projects;

/// <summary>An item to add.</summary>
public sealed record NewItem(ItemContent Content)
{
    /// <summary>The expected answer, in the item's positions. It makes this a gold task, which everyone is shown once.</summary>
    public Judgement? Expected { get; init; }

    public GoldKind GoldKind { get; init; }

    /// <summary>Items of higher priority are asked first.</summary>
    public int Priority { get; init; }

    /// <summary>Labels that exist already.</summary>
    public ImmutableArray<ExistingLabel> Labels { get; init; } = [];
}
