using Attune.Core;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;

namespace Attune.Feedback.Tests.Projects;

/// <summary>A project comes into being whole or not at all.</summary>
public sealed class ProjectTests
{
    public static TheoryData<string> Databases => TestStore.Databases;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task An_item_that_does_not_fit_leaves_no_project_and_no_name_taken(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        var manager = (await test.Store.People.AddAsync(null, "manager", MemberRole.Manager, default)).Id;
        Task<(ProjectInfo Project, AddedItems Added)> CreateAsync(ProjectKind kind) =>
            test.Store.Projects.CreateAsync(
                manager,
                "new",
                kind,
                new ProjectSettings(),
                "",
                [TestStore.Pair(0), TestStore.Pair(1)],
                manages: true,
                default
            );

        var problem = await Assert.ThrowsAsync<ConfigurationException>(() => CreateAsync(ProjectKind.Steps));
        Assert.Contains("has no steps", problem.Message, StringComparison.Ordinal);
        Assert.Equal(["test"], (await test.Store.Projects.ListAsync(default)).Select(p => p.Name));

        var (project, added) = await CreateAsync(ProjectKind.Comparison);
        Assert.Equal((2, 0, 0), (added.Items, added.Duplicates, added.Labels));
        Assert.Equal(2, (await test.Store.Projects.ProgressAsync(project.Id, default)).Tasks);
        Assert.Equal(MemberRole.Manager, await test.Store.People.RoleInAsync(project.Id, manager, default));
        Assert.Null((await test.Store.Audit.VerifyAsync(default)).FirstBroken);
    }
}
