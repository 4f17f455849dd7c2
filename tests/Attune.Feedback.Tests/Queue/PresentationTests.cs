using Attune.Core.Runs;
using Attune.Feedback.Labels;
using Attune.Feedback.Queue;
using Attune.Feedback.Snapshots;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Tests.Queue;

/// <summary>
/// How each label came about is on record: what was shown, in which order, drawn from which seed, under which guidelines, and how long it
/// took.
/// </summary>
public sealed class PresentationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task What_was_shown_can_be_drawn_again_from_its_seed(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        await test.AddPairsAsync(12);
        for (var i = 0; i < 12; i++)
        {
            if (i == 6)
            {
                await test.Store.Projects.PublishGuidelinesAsync(test.Owner, test.Project.Id, "# Be fairer", Cancel);
            }
            await test.Store.Guidelines.AcknowledgeAsync(test.Project.Id, test.People[0], i < 6 ? 1 : 2, Cancel);
            test.Clock.Pass(TimeSpan.FromSeconds(30));
            var task = await test.ClaimAsync(test.People[0]);
            Assert.Equal(i < 6 ? 1 : 2, task.GuidelineVersion);
            var submission = new Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(2))
            {
                Active = TimeSpan.FromSeconds(5),
                Elapsed = TimeSpan.FromSeconds(9),
                ClientTime = test.Clock.GetUtcNow().AddSeconds(-1),
                UiVersion = "test",
            };
            await test.Store.Queue.SubmitAsync(test.People[0], submission, Cancel);
            var (shown, revision, guideline) = await test.Store.Database.ReadAsync(async db =>
            {
                var row = await db.Presentations.AsNoTracking().SingleAsync(p => p.Id == task.LeaseId, Cancel);
                return (
                    row,
                    await db.Revisions.AsNoTracking().SingleAsync(r => r.Id == submission.Id, Cancel),
                    await db.Guidelines.AsNoTracking().SingleAsync(g => g.Id == row.GuidelineVersionId, Cancel)
                );
            });
            Assert.Equal(
                (task.TaskId, test.People[0], test.Clock.GetUtcNow().ToUnixTimeMilliseconds(), i < 6 ? 1 : 2),
                (shown.TaskId, shown.PersonId, shown.ShownAt, guideline.Number)
            );
            var order = StoreJson.Read<int[]>(shown.OrderJson);
            Assert.Equal(ShownOrder.Of(new Seed(unchecked((ulong)shown.Seed)), 2, shuffled: true).Places, order);
            Assert.Equal(task.Candidates.Select(c => c.Text.Split(' ')[0]), order.Select(o => o == 0 ? "first" : "second"));
            Assert.Equal(
                (5000, 9000, "test", shown.ShownAt - 1000, (Guid?)task.LeaseId),
                (revision.ActiveMs, revision.ElapsedMs, revision.UiVersion, revision.ClientAt, revision.PresentationId)
            );
        }

        var manifest = await test.Store.Snapshots.CreateAsync(test.Project.Id, test.File("s"), new SnapshotOptions { HeldOut = 0 }, Cancel);
        Assert.Equal([(1, 6), (2, 6)], manifest.Guidelines.Select(g => (g.Number, g.Labels)));
        Assert.All(
            await File.ReadAllLinesAsync(test.File("s/labels.jsonl"), Cancel),
            line => Assert.Contains("\"active_ms\":5000", line, StringComparison.Ordinal)
        );
    }
}
