using Attune.Core.Runs;
using Attune.Recipes.Binding;
using Attune.Recipes.Tests.Stages;
using Attune.Testing;

namespace Attune.Recipes.Tests.Running;

/// <summary>A small run of two stages writes its figures for other tools too.</summary>
public sealed class RunTrackingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Folder => _folder.File("run");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Each_stage_has_event_files_and_a_table_of_what_the_log_holds()
    {
        await RunAsync();
        Assert.Empty(Directory.GetFiles(Path.Combine(Folder, "tokenizer"), "events.out.*"));
        var first = Assert.Single(EventFiles());
        RunEvent[] events = [.. new RunFolder(Folder).ReadEvents().Entries.Where(e => e.Stage == "pretrain")];
        Assert.All(events, e => Assert.NotNull(e.Time));
        Assert.Contains(events, e => e.Metrics.GetValueOrDefault("time/tokens_per_second") > 0);
        Assert.Contains(events, e => e.Metrics.GetValueOrDefault("memory/resident") > 0.01);
        var table = File.ReadAllLines(Path.Combine(Folder, "pretrain", "metrics.csv"));
        Assert.Equal(events.Length + 1, table.Length);
        Assert.Contains("time/tokens_per_second", table[0].Split(','));
        Assert.Equal(events.Length, Records(first) - 1);

        // Begun again after the last checkpoint: a second file, which says from where on it counts.
        File.Delete(Path.Combine(Folder, "pretrain", "stage.json"));
        await RunAsync();
        string[] files = EventFiles();
        Assert.Equal(first, files[0]);
        Assert.Equal(2, files.Length);
        var again = new RunFolder(Folder).ReadEvents().Entries;
        Assert.Equal(events.Length, again.Count(e => e.Stage == "pretrain"));
        Assert.Equal(3, Records(files[1])); // opening, restart, the evaluation at the end
    }

    private string[] EventFiles() =>
        [.. Directory.GetFiles(Path.Combine(Folder, "pretrain"), "events.out.tfevents.*").Order(StringComparer.Ordinal)];

    private async Task RunAsync()
    {
        var recipe = Recipe.Bind(
            RecipeFile.Parse(
                """
                seed: 5
                tracking: [tensorboard, csv]
                stages:
                  - tokenizer: {data: reviews:documents, rows: 100, vocabulary: 300}
                  - pretrain: {data: reviews:documents, rows: 20, layers: 1, width: 16, heads: 2, context_length: 64, max_length: 64, batch_size: 8, test_split: 0.2}
                """,
                "track.yaml"
            )
        );
        Directory.CreateDirectory(Folder);
        await new Run(recipe, Folder, new SilentScreen(), person: null).RunAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Counts the frames: a length of 8 bytes, its checksum, the payload, its checksum.</summary>
    private static int Records(string path)
    {
        using var reader = new BinaryReader(File.OpenRead(path));
        var count = 0;
        for (; reader.BaseStream.Position < reader.BaseStream.Length; count++)
        {
            reader.BaseStream.Seek(8 + reader.ReadInt64(), SeekOrigin.Current);
        }

        Assert.Equal(reader.BaseStream.Length, reader.BaseStream.Position);
        return count;
    }
}
