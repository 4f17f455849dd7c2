using Attune.Core;

namespace Attune.Feedback.Tests.Projects;

/// <summary>Files that items show: added once, never changed, part of a backup.</summary>
public sealed class ProjectFilesTests
{
    public static TheoryData<string> Databases => TestStore.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_file_is_added_once_never_changed_and_comes_back_from_a_backup(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        var (files, project) = (test.Store.Files, (await test.Store.Projects.ListAsync(default)).Single().Id);
        (string, string, byte[]) first = ("a.png", "image/png", [1, 2, 0, 255]);
        Assert.Equal(1, await files.AddAsync(null, project, [first, first], default));
        Assert.Equal(0, await files.AddAsync(null, project, [first], default));
        var problem = await Assert.ThrowsAsync<AttuneException>(() =>
            files.AddAsync(null, project, [("b.png", "image/png", [1]), ("a.png", "image/png", [2])], default)
        );
        Assert.Contains("another file a.png", problem.Message, StringComparison.Ordinal);
        // All of an upload or nothing.
        Assert.Null(await files.FindAsync(project, "b.png", default));
        Assert.Null(await files.FindAsync(Guid.NewGuid(), "a.png", default));

        var backup = test.File("backup.jsonl.gz");
        await test.Store.Backups.WriteAsync(backup, default);
        await using var restored = await FeedbackStore.OpenAsync(new(test.File("restored.db")), default);
        await restored.Backups.RestoreAsync(backup, default);
        var found = (await restored.Files.FindAsync(project, "a.png", default))!;
        Assert.Equal("image/png", found.Type);
        Assert.Equal([1, 2, 0, 255], found.Content);
        Assert.Null((await restored.Audit.VerifyAsync(default)).FirstBroken);
    }
}
