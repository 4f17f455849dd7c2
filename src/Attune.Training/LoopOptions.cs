namespace Attune.Training;

/// <summary>How the loop runs, independently of what it trains.</summary>
/// <param name="Microbatch">Items that go through the model at once; changes memory, not results.</param>
/// <param name="CheckpointEvery">Rounds between checkpoints; 0 for none before the end.</param>
public sealed record LoopOptions(int Microbatch, int CheckpointEvery)
{
    /// <summary>Decay of the moving average of the weights that the run ends with; 0 ends with the weights themselves.</summary>
    public double EmaDecay { get; init; }

    /// <summary>Updates after which it ends, whatever the experience planned; 0 for no limit.</summary>
    public long MaxUpdates { get; init; }

    /// <summary>Ends with the weights that were best on held-out data, by <see cref="Contracts.IExperience{T}.Evaluation"/>.</summary>
    public bool KeepsBest { get; init; }
}

/// <summary>How a run of the loop ended.</summary>
public enum LoopEnd
{
    Finished,

    /// <summary>Cancelled; a checkpoint was written and the run can be resumed.</summary>
    Cancelled,
}
