using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Tests.Storage;

/// <summary>Both sets of migrations make the tables that the model describes.</summary>
public sealed class SchemaTests
{
    [Fact]
    public void Neither_database_has_changes_without_a_migration()
    {
        using var sqlite = new SqliteContextFactory().CreateDbContext([]);
        using var postgreSql = new PostgreSqlContextFactory().CreateDbContext([]);
        Assert.False(sqlite.Database.HasPendingModelChanges());
        Assert.False(postgreSql.Database.HasPendingModelChanges());
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task A_store_opened_again_has_what_it_had(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        await test.AddPairsAsync(3);
        await using var again = await FeedbackStore.OpenAsync(test.Options, default);
        Assert.Equal(3, (await again.Projects.ProgressAsync(test.Project.Id, default)).Tasks);
    }

    [Fact]
    public async Task A_file_that_is_no_database_gives_one_clear_message()
    {
        using var folder = new Attune.Testing.TemporaryFolder();
        var file = folder.WriteText("notes.db", new string('x', 5000));
        var problem = await Assert.ThrowsAsync<Core.AttuneException>(() => FeedbackStore.OpenAsync(new StoreOptions(file), default));
        Assert.Contains("notes.db", problem.Message, StringComparison.Ordinal);
        Assert.Contains("--database", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("feedback.db", false)]
    [InlineData("Data Source=x.db", false)]
    [InlineData("Host=db;Database=attune", true)]
    [InlineData("postgres://me:p%40ss@db:5433/attune", true)]
    public void The_kind_of_database_is_told_by_its_name(string name, bool postgreSql)
    {
        var options = new StoreOptions(name);
        Assert.Equal(postgreSql, options.IsPostgreSql);
        Assert.DoesNotContain("p@ss", options.Place, StringComparison.Ordinal);
    }
}
