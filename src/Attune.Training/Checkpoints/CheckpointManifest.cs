using System.Collections.Immutable;

namespace Attune.Training.Checkpoints;

/// <summary>Everything a checkpoint holds besides tensors. Written last: a folder without it is no checkpoint.</summary>
/// <param name="Seed">Progress, with round, updates and items.</param>
/// <param name="State">The experience's own numbers.</param>
/// <param name="LastSequence">The last line of the event log that belongs to this state.</param>
/// <param name="Data">Name and SHA-256 of the data that shaped the weights.</param>
/// <param name="StateFile">SHA-256 of the tensor file, so that damage is noticed.</param>
public sealed record CheckpointManifest(
    ulong Seed,
    long Round,
    long Updates,
    long Items,
    IReadOnlyDictionary<string, double> State,
    long LastSequence,
    ImmutableArray<DataHash> Data,
    string StateFile
);

/// <summary>A dataset and the hash of its bytes.</summary>
public sealed record DataHash(string Name, string Sha256);
