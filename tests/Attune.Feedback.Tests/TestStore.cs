using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;
using Attune.Testing;

namespace Attune.Feedback.Tests;

/// <summary>A clock that a test moves.</summary>
public sealed class TestClock : TimeProvider
{
    private DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now;

    public void Pass(TimeSpan time) => _now += time;
}

/// <summary>A fresh store with a project and people, on SQLite or, where it is installed, on PostgreSQL.</summary>
public sealed class TestStore : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;

    public TestClock Clock { get; }
    public required FeedbackStore Store { get; init; }
    public required StoreOptions Options { get; init; }
    public ProjectInfo Project { get; private set; } = null!;
    public ImmutableArray<Guid> People { get; private set; } = [];
    public Guid Owner { get; private set; }

    /// <summary>The databases a test of the protocol runs on.</summary>
    public static TheoryData<string> Databases => ["SQLite", "PostgreSQL"];

    public static async Task<TestStore> OpenAsync(
        string database,
        ProjectKind kind = ProjectKind.Comparison,
        ProjectSettings? settings = null,
        int people = 3
    )
    {
        var place = database == "SQLite" ? "" : await PostgreSqlServer.NewDatabaseAsync();
        var clock = new TestClock();
        var folder = new TemporaryFolder();
        var options = new StoreOptions(place.Length > 0 ? place : folder.File("feedback.db")) { Time = clock, PasswordRounds = 1000 };
        var test = new TestStore(folder, clock) { Store = await FeedbackStore.OpenAsync(options, default), Options = options };
        test.Owner = (await test.Store.People.AddAsync(null, "owner", MemberRole.Owner, default)).Id;
        test.Project = await test.Store.Projects.CreateAsync(
            test.Owner,
            "test",
            kind,
            settings ?? new ProjectSettings(),
            "# Be fair",
            default
        );
        for (var i = 0; i < people; i++)
        {
            var person = await test.Store.People.AddAsync(null, $"person {i}", MemberRole.Annotator, default);
            await test.Store.People.SetMemberAsync(test.Owner, test.Project.Id, person.Id, MemberRole.Annotator, default);
            test.People = test.People.Add(person.Id);
        }

        return test;
    }

    private TestStore(TemporaryFolder folder, TestClock clock) => (_folder, Clock) = (folder, clock);

    public string File(string name) => _folder.File(name);

    public static NewItem Pair(int number) =>
        new(
            new ItemContent(
                new Prompt.Text($"question {number}"),
                [new Candidate($"first {number}") { Policy = "policy-a" }, new Candidate($"second {number}") { Policy = "policy-b" }]
            )
        );

    public Task<AddedItems> AddPairsAsync(int count) =>
        Store.Tasks.AddItemsAsync(Owner, Project.Id, [.. Enumerable.Range(0, count).Select(Pair)], default);

    public async Task<AssignedTask> ClaimAsync(Guid person) =>
        Assert.IsType<ClaimResult.Claimed>(await Store.Queue.ClaimAsync(Project.Id, person, default)).Task;

    public async Task<Receipt> SubmitAsync(Guid person, Guid lease, Judgement judgement, Guid? id = null) =>
        Assert
            .IsType<SubmitResult.Accepted>(
                await Store.Queue.SubmitAsync(person, new Submission(id ?? Guid.NewGuid(), lease, judgement), default)
            )
            .Receipt;

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _folder.Dispose();
    }
}
