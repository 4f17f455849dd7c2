namespace Attune.Core.Runs;

/// <summary>
/// How far a stage is. Order and sampling are pure functions of it, so resuming is replaying from here.
/// </summary>
/// <param name="Round">Rounds finished: a round is everything learned before new data must be drawn.</param>
/// <param name="Updates">Optimiser steps taken.</param>
/// <param name="Items">Items (pairs, answers, rollouts) drawn so far.</param>
/// <param name="Seed">The stage's seed.</param>
public sealed record Progress(long Round, long Updates, long Items, Seed Seed)
{
    public static Progress Start(Seed seed) => new(0, 0, 0, seed);
}
