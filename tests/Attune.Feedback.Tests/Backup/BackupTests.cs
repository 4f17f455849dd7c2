using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using Attune.Feedback.Backup;
using Attune.Feedback.Labels;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;
using Attune.Testing;

namespace Attune.Feedback.Tests.Backup;

/// <summary>
/// Backups written while people label, and the drill of restoring them: each is the store as it was at one moment, on either database.
/// </summary>
public sealed class BackupTests
{
    private const int Pairs = 400;
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("SQLite", "SQLite")]
    [InlineData("SQLite", "PostgreSQL")]
    [InlineData("PostgreSQL", "SQLite")]
    [InlineData("PostgreSQL", "PostgreSQL")]
    public async Task A_backup_written_while_people_label_restores_to_the_store_of_one_moment(string from, string to)
    {
        await using var test = await TestStore.OpenAsync(from, settings: new ProjectSettings { Quota = 3 });
        await test.AddPairsAsync(Pairs);
        var acknowledged = new ConcurrentDictionary<Guid, Judgement>();
        using var stop = new CancellationTokenSource();
        var labelling = Task.WhenAll(test.People.Select(p => Task.Run(() => LabelAsync(test, p, acknowledged, stop.Token))));
        var backups = new List<(string File, BackupReport Report, Guid[] Before, int After)>();
        for (var i = 0; i < 3; i++)
        {
            // Labels are on their way while it is written.
            while (acknowledged.Count < 10 * (i + 1) && !labelling.IsCompleted)
            {
                await Task.Delay(1, Cancel);
            }

            Guid[] before = [.. acknowledged.Keys];
            var file = test.File($"backup-{i}.jsonl.gz");
            backups.Add((file, await test.Store.Backups.WriteAsync(file, Cancel), before, acknowledged.Count));
        }

        await stop.CancelAsync();
        await labelling;
        Assert.Contains(backups, b => b.After > b.Before.Length);
        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(backups[0].File)!, "*.part"));
        var trail = await test.Store.Audit.ReadAsync(0, int.MaxValue, Cancel);
        foreach (var (file, report, before, _) in backups)
        {
            await using var restored = await EmptyAsync(to);
            Assert.Equal(report, await restored.Store.Backups.RestoreAsync(file, Cancel));
            // All that was done up to one moment, and nothing of what came after it.
            var kept = await restored.Store.Audit.ReadAsync(0, int.MaxValue, Cancel);
            Assert.Equal(trail.Take(kept.Count), kept);
            Assert.Equal(report.Head, kept[^1].Hash);
            var said = kept.Where(a => a.Action == "label.submitted").Select(a => Guid.Parse(a.Subject)).ToHashSet();
            Assert.All(before, id => Assert.Contains(id, said));
            var labels = (await restored.Store.Tasks.ListAsync(test.Project.Id, -1, Pairs, Cancel))
                .SelectMany(t => t.Labels)
                .Select(l => l.Judgement?.Comment)
                .OfType<string>()
                .ToArray();
            Assert.Equal(said.Select(id => id.ToString()).Order(), labels.Order());
            Assert.Null((await restored.Store.Audit.VerifyAsync(Cancel)).FirstBroken);
            // Work goes on in the restored store.
            Assert.IsType<ClaimResult.Claimed>(await restored.Store.Queue.ClaimAsync(test.Project.Id, test.People[0], Cancel));
            Assert.Contains(
                "not empty",
                (await Assert.ThrowsAsync<Core.AttuneException>(() => restored.Store.Backups.RestoreAsync(file, Cancel))).Message,
                StringComparison.Ordinal
            );
        }
    }

    /// <summary>Drafts, labels and a skip now and then, until told to stop; each label says its own id.</summary>
    private static async Task LabelAsync(
        TestStore test,
        Guid person,
        ConcurrentDictionary<Guid, Judgement> acknowledged,
        CancellationToken stop
    )
    {
        for (
            var i = 0;
            !stop.IsCancellationRequested
                && await test.Store.Queue.ClaimAsync(test.Project.Id, person, Cancel) is ClaimResult.Claimed { Task: var task };
            i++
        )
        {
            if (i % 7 == 6)
            {
                await test.Store.Queue.SkipAsync(person, Guid.NewGuid(), task.LeaseId, "unsure", Cancel);
                continue;
            }

            var id = Guid.NewGuid();
            await test.Store.Queue.SaveDraftAsync(
                task.LeaseId,
                person,
                System.Text.Json.JsonSerializer.SerializeToElement(new { text = id }),
                Cancel
            );
            await test.SubmitAsync(person, task.LeaseId, ComparisonJudgement.OfStrength(1 + (i % 8), id.ToString()), id);
            acknowledged[id] = ComparisonJudgement.OfStrength(1 + (i % 8));
        }
    }

    [Fact]
    public async Task A_backup_cut_short_or_damaged_restores_nothing()
    {
        await using var test = await TestStore.OpenAsync("SQLite");
        await test.AddPairsAsync(5);
        var file = test.File("backup.jsonl.gz");
        await test.Store.Backups.WriteAsync(file, Cancel);
        var bytes = await File.ReadAllBytesAsync(file, Cancel);
        await using var empty = await EmptyAsync("SQLite");
        foreach (
            var damaged in new[]
            {
                bytes[..(bytes.Length / 2)],
                "nothing of the kind"u8.ToArray(),
                Packed(Unpacked(bytes).Replace("first 1", "worse 1", StringComparison.Ordinal)),
            }
        )
        {
            await File.WriteAllBytesAsync(file, damaged, Cancel);
            Assert.Contains(
                "not a whole backup",
                (await Assert.ThrowsAsync<Core.DataException>(() => empty.Store.Backups.RestoreAsync(file, Cancel))).Message,
                StringComparison.Ordinal
            );
        }

        Assert.Empty(await empty.Store.Projects.ListAsync(Cancel));
    }

    private static string Unpacked(byte[] bytes)
    {
        using var reader = new StreamReader(new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress));
        return reader.ReadToEnd();
    }

    private static byte[] Packed(string text)
    {
        var target = new MemoryStream();
        using (var packed = new GZipStream(target, CompressionLevel.Fastest))
        {
            packed.Write(Encoding.UTF8.GetBytes(text));
        }
        return target.ToArray();
    }

    private sealed record Empty(FeedbackStore Store, TemporaryFolder Folder) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Store.DisposeAsync();
            Folder.Dispose();
        }
    }

    private static async Task<Empty> EmptyAsync(string database)
    {
        var folder = new TemporaryFolder();
        var place = database == "SQLite" ? folder.File("restored.db") : await PostgreSqlServer.NewDatabaseAsync();
        return new Empty(await FeedbackStore.OpenAsync(new StoreOptions(place), Cancel), folder);
    }
}
