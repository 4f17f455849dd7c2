using Attune.Cli.Commands.Control;
using Attune.Control.Environments;
using Attune.Control.Preferences;
using Attune.Feedback;
using Attune.Feedback.Labels;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;
using Attune.Reports.Control;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>People compare clips through a real store: what they say comes back to the run, whichever side was shown first.</summary>
public sealed class StoreClipJudgeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Left_right_equal_and_skipped_come_back_as_they_were_said()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var store = await FeedbackStore.OpenAsync(new StoreOptions(_folder.File("feedback.db")), cancel);
        var owner = await store.People.AddAsync(null, "owner", MemberRole.Owner, cancel);
        var person = await store.People.AddAsync(null, "anna", MemberRole.Annotator, cancel);
        var project = await store.Projects.CreateAsync(null, "clips", ProjectKind.Comparison, new ProjectSettings(), "", cancel);
        await store.People.SetMemberAsync(owner.Id, project.Id, person.Id, MemberRole.Annotator, cancel);
        await using var asked = await new FeedbackStores().OpenAsync(_folder.File("feedback.db"), "clips", cancel);
        var judge = new StoreClipJudge(asked.AskAs("run", TimeSpan.FromMilliseconds(5)), new Pendulum());
        ClipQuestion[] questions = [.. Enumerable.Range(0, 4).Select(n => new ClipQuestion(n, Clip(n, 1), Clip(n, 2)))];
        var asking = judge.AskAsync(questions, cancel).AsTask();
        for (var i = 0; i < questions.Length; i++)
        {
            await AnswerAsync(store, project.Id, person.Id, cancel);
        }

        var answers = await asking;
        Assert.Equal([0, 1, 2, 3], answers.Select(a => a.Question.Number));
        Assert.Equal([ClipChoice.Left, ClipChoice.Right, ClipChoice.Equal, ClipChoice.CannotTell], answers.Select(a => a.Choice));

        // A run that begins again asks the same and is answered at once.
        Assert.Equal(answers.Select(a => a.Choice), (await judge.AskAsync(questions, cancel)).Select(a => a.Choice));
        Assert.Empty(await judge.AskAsync([], cancel));
    }

    /// <summary>Says of question 0 that speed 1 is better, of 1 speed 2, of 2 that both are equal, of 3 that neither will do.</summary>
    private static async Task AnswerAsync(FeedbackStore store, Guid project, Guid person, CancellationToken cancel)
    {
        AssignedTask? task = null;
        while (task is null)
        {
            task = (await store.Queue.ClaimAsync(project, person, cancel) as ClaimResult.Claimed)?.Task;
        }

        var shown = task.Candidates.Select(c => ClipText.Read(c.Text)!).ToArray();
        Assert.All(shown, s => Assert.Empty(s.Rewards)); // a person judges what is to be seen
        var slowFirst = shown[0].Observations[0][2] == 1;
        var judgement = (int)shown[0].Actions[0][0] switch
        {
            0 => new ComparisonJudgement(slowFirst ? Pick.First : Pick.Second),
            1 => new ComparisonJudgement(slowFirst ? Pick.Second : Pick.First),
            2 => new ComparisonJudgement(Pick.Tie),
            _ => new ComparisonJudgement(Pick.BothBad),
        };
        var sent = await store.Queue.SubmitAsync(person, new Submission(Guid.NewGuid(), task.LeaseId, judgement), cancel);
        Assert.IsType<SubmitResult.Accepted>(sent);
    }

    /// <summary>One step; its action tells the question, its speed the side.</summary>
    private static Clip Clip(int question, float speed) =>
        new(
            [
                [1, 0, speed],
            ],
            [
                [question],
            ],
            [-speed]
        );
}
