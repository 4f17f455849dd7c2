using Attune.Testing;
using Attune.Testing.Training;

namespace Attune.Methods.Tests.Loop;

public sealed class MemoryTests
{
    /// <summary>Native memory that nobody counts (caches, buffers of the engine, the optimiser's arrays) must not grow either.</summary>
    [Theory]
    [InlineData("ppo")]
    [InlineData("bradley-terry")]
    public async Task The_process_does_not_grow_over_200_updates(string algorithm)
    {
        using var folder = new TemporaryFolder();
        var sizes = new List<long>();
        using var run = TinyRun.Of(
            algorithm,
            new TinySetup
            {
                Rounds = algorithm == "ppo" ? 75 : 300,
                LearningRate = 1e-4,
                Folder = folder.Path,
                CheckpointEvery = 20,
            }
        );
        await run.RunAsync(new RecordingObserver { AfterUpdate = _ => sizes.Add(Environment.WorkingSet) });
        Assert.True(sizes.Count >= 300);
        // A hundred updates to warm up. Keeping one activation of one update, 40 KB, would be 8 MB; the allowance is for the collector.
        var growth = (sizes[^1] - sizes[100]) / 1024.0 / 1024.0;
        Assert.True(growth < 48, $"the process grew by {growth:f0} MB from update 100 to {sizes.Count}");
    }
}
