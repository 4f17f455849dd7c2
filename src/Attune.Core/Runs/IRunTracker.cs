namespace Attune.Core.Runs;

/// <summary>Hears every event as it is logged, to write it in the form of another tool.</summary>
public interface IRunTracker
{
    /// <param name="entry">As it stands in the log; figures that are not finite are still themselves.</param>
    /// <param name="time">When it was logged.</param>
    void Track(RunEvent entry, DateTimeOffset time);
}
