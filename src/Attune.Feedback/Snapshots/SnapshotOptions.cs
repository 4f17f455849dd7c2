using System.Collections.Immutable;
using System.Globalization;

namespace Attune.Feedback.Snapshots;

/// <summary>The labels that a snapshot takes.</summary>
public sealed record SnapshotOptions
{
    /// <summary>Share of the prompts kept aside in held-out.jsonl.</summary>
    public double HeldOut { get; init; } = 0.1;

    /// <summary>Decides which prompts; a prompt stays on its side when labels are added.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Also take labels that came after their place was given to someone else.</summary>
    public bool Surplus { get; init; }

    /// <summary>Leave out people who got less than this share of gold right; null to keep everyone.</summary>
    public double? LeastGoldAccuracy { get; init; }

    /// <summary>Leave out the strength, so that a reward model learns only the order.</summary>
    public bool WithoutMargin { get; init; }

    /// <summary>Take only these tasks, such as the questions of one run; null for all.</summary>
    public ImmutableHashSet<Guid>? Tasks { get; init; }

    /// <summary>The choice in words, as the manifest records it.</summary>
    internal string Describe() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"held out {HeldOut}, seed {Seed}, {(Surplus ? "with" : "without")} surplus, {(WithoutMargin ? "without" : "with")} "
                + $"margins, gold accuracy {(LeastGoldAccuracy is { } least ? $"at least {least}" : "not asked")}"
                + $"{(Tasks is null ? "" : $", {Tasks.Count} tasks alone")}"
        );
}
