using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Feedback.Labels;
using Attune.Feedback.Queue;
using Attune.Feedback.Snapshots;
using Attune.Feedback.Storage;

namespace Attune.Feedback.Tests.Snapshots;

/// <summary>Frozen labels, what is known of their origin, and erasure.</summary>
public sealed class SnapshotTests
{
    private static async Task<TestStore> LabelledAsync(int pairs = 20, string database = "SQLite")
    {
        var test = await TestStore.OpenAsync(database, settings: new ProjectSettings { Quota = 2 });
        await test.AddPairsAsync(pairs);
        foreach (var person in test.People[..2])
        {
            await test.Store.Guidelines.AcknowledgeAsync(test.Project.Id, person, 1, default);
            for (var i = 0; i < pairs; i++)
            {
                var task = await test.ClaimAsync(person);
                // Both prefer "first", the second person slightly, and says otherwise once.
                var first = task.Candidates[0].Text.StartsWith("first", StringComparison.Ordinal);
                var level =
                    person == test.People[0] ? 1
                    : i == 3 ? 8
                    : 4;
                await test.SubmitAsync(person, task.LeaseId, ComparisonJudgement.OfStrength(first ? level : Strength.Swap(level)));
            }
        }

        return test;
    }

    [Fact]
    public async Task A_snapshot_is_split_by_prompt_and_the_same_labels_have_the_same_hash()
    {
        await using var test = await LabelledAsync();
        var first = await test.Store.Snapshots.CreateAsync(
            test.Project.Id,
            test.File("one"),
            new SnapshotOptions { HeldOut = 0.3 },
            default
        );
        var second = await test.Store.Snapshots.CreateAsync(
            test.Project.Id,
            test.File("two"),
            new SnapshotOptions { HeldOut = 0.3 },
            default
        );

        Assert.Equal(first.Sha256, second.Sha256);
        Assert.Equal((40, 20, 2), (first.Labels, first.Prompts, first.Annotators.Length));
        Assert.Equal((1, 40), (first.Guidelines[0].Number, first.Guidelines[0].Labels));
        var train = DatasetFile.Read<Preference>(test.File("one/train.jsonl")).Items;
        var heldOut = DatasetFile.Read<Preference>(test.File("one/held-out.jsonl")).Items;
        Assert.Equal(40, train.Length + heldOut.Length);
        Assert.Empty(train.Select(p => p.Prompt.Key).Intersect(heldOut.Select(p => p.Prompt.Key)));
        Assert.Equal(39, train.Concat(heldOut).Count(p => p.Chosen.StartsWith("first", StringComparison.Ordinal)));
        Assert.Equal([0.0, 1.0], train.Select(p => p.Margin!.Value).Distinct().Order());
        await Assert.ThrowsAsync<Core.AttuneException>(() =>
            test.Store.Snapshots.CreateAsync(test.Project.Id, test.File("one"), new SnapshotOptions(), default)
        );
    }

    [Fact]
    public async Task A_file_changed_after_the_snapshot_is_refused()
    {
        await using var test = await LabelledAsync(5);
        var manifest = await test.Store.Snapshots.CreateAsync(
            test.Project.Id,
            test.File("s"),
            new SnapshotOptions { HeldOut = 0 },
            default
        );
        var file = test.File("s/train.jsonl");
        Assert.Equal(manifest.Sha256, SnapshotManifest.Of(file)!.Sha256);
        File.SetAttributes(file, FileAttributes.Normal);
        File.AppendAllText(file, File.ReadLines(file).First() + "\n");
        Assert.Contains(
            "was changed after the snapshot",
            Assert.Throws<Core.DataException>(() => SnapshotManifest.Of(file)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_managers_decision_stands_in_place_of_the_labels()
    {
        await using var test = await LabelledAsync(5);
        var disputed = Assert.Single(await test.Store.Quality.DisputedAsync(test.Project.Id, 10, default));
        Assert.NotEmpty(
            await test.Store.Quality.AdjudicateAsync(
                test.Owner,
                test.Project.Id,
                disputed.Id,
                ComparisonJudgement.OfStrength(8),
                " ",
                default
            )
        );
        Assert.Empty(
            await test.Store.Quality.AdjudicateAsync(
                test.Owner,
                test.Project.Id,
                disputed.Id,
                ComparisonJudgement.OfStrength(8),
                "the second one cites its source",
                default
            )
        );
        Assert.Empty(await test.Store.Quality.DisputedAsync(test.Project.Id, 10, default));
        var manifest = await test.Store.Snapshots.CreateAsync(
            test.Project.Id,
            test.File("s"),
            new SnapshotOptions { HeldOut = 0 },
            default
        );
        Assert.Equal((9, 3), (manifest.Labels, manifest.Annotators.Length));
        var decided = Assert.Single(
            DatasetFile.Read<Preference>(test.File("s/train.jsonl")).Items,
            p => p.Chosen.StartsWith("second", StringComparison.Ordinal)
        );
        Assert.Equal(disputed.Content.Prompt, decided.Prompt);
        Assert.Contains("cites its source", File.ReadAllText(test.File("s/labels.jsonl")), StringComparison.Ordinal);
        Assert.Null((await test.Store.Audit.VerifyAsync(default)).FirstBroken);
    }

    [Fact]
    public async Task Agreement_of_two_people_is_measured_with_intervals()
    {
        await using var test = await LabelledAsync();
        var report = await test.Store.Quality.OfAsync(test.Project.Id, default);
        Assert.Equal(
            [
                "Krippendorff's alpha (nominal)",
                "Fleiss' kappa",
                "Cohen's kappa",
                "Krippendorff's alpha (ordinal)",
                "Krippendorff's alpha (interval)",
            ],
            report.Agreement.Select(a => a.Name)
        );
        Assert.All(report.Agreement, a => Assert.Equal(20, a.Interval.Units));
        Assert.All(report.Annotators, a => Assert.Equal(0.95, a.WithOthers!.Value, 1e-9));
    }

    [Fact]
    public async Task Erasing_a_person_empties_their_words_and_names_the_models_they_shaped()
    {
        await using var test = await LabelledAsync(6);
        var manifest = await test.Store.Snapshots.CreateAsync(test.Project.Id, test.File("s"), new SnapshotOptions(), default);
        Provenance.NoteUse(test.File("s"), new SnapshotUse(manifest.Sha256, "/runs/r1", "reward", "/runs/r1/final"));
        // Stores of earlier versions hold such rows.
        await test.Store.Database.WriteAsync(
            writer =>
                Task.FromResult(
                    writer.Db.SnapshotUses.Add(
                        new SnapshotUseRow
                        {
                            Id = writer.NewId(),
                            SnapshotSha256 = manifest.Sha256,
                            Run = "/runs/r2",
                            Stage = "dpo",
                            Model = "/runs/r2/final",
                            At = writer.Now,
                        }
                    )
                ),
            default
        );
        Assert.Empty((await test.Store.Erasure.PreviewAsync(test.People[2], default)).Models);

        var report = await test.Store.Erasure.EraseAsync(test.Owner, test.People[0], default);

        Assert.Equal(6, report.Revisions);
        Assert.Equal(["/runs/r1/final", "/runs/r2/final"], report.Models.Select(m => m.Model));
        Assert.All(report.Models, m => Assert.Equal((6, manifest.Sha256), (m.Labels, m.SnapshotSha256)));
        Assert.Null((await test.Store.Audit.VerifyAsync(default)).FirstBroken);
        Assert.Equal(6, (await test.Store.Projects.ProgressAsync(test.Project.Id, default)).Done);
        var again = await test.Store.Snapshots.CreateAsync(test.Project.Id, test.File("again"), new SnapshotOptions(), default);
        Assert.Equal((6, 1), (again.Labels, again.Annotators.Length));
    }

    [Fact]
    public async Task A_run_can_ask_people_and_finds_its_questions_again()
    {
        await using var test = await TestStore.OpenAsync("SQLite");
        var source = new StoreFeedbackSource(test.Store, test.Project, "run-1", TimeSpan.FromMilliseconds(1));
        Question[] questions =
        [
            .. Enumerable
                .Range(0, 3)
                .Select(i => new Question($"online/0/{i}", new Core.Conversations.Prompt.Text($"q{i}"), [$"a{i}", $"b{i}"], 7)),
        ];
        // The policy said the same again: people are not asked again, and both questions have their answer.
        questions = [.. questions, questions[0] with { Id = "online/0/3" }];
        using (var killed = new CancellationTokenSource())
        {
            await killed.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
                await source.AskAsync(questions, killed.Token).ToListAsync()
            );
        }

        using var stop = new CancellationTokenSource();
        var asking = Task.Run(async () => await source.AskAsync(questions, stop.Token).ToListAsync());
        for (var i = 0; i < 3; i++)
        {
            AssignedTask? task = null;
            while (task is null)
            {
                task = (await test.Store.Queue.ClaimAsync(test.Project.Id, test.People[0], default) as ClaimResult.Claimed)?.Task;
            }

            await test.SubmitAsync(
                test.People[0],
                task.LeaseId,
                i == 2 ? new ComparisonJudgement(Pick.Tie) : ComparisonJudgement.OfStrength(task.Candidates[0].Text[0] == 'b' ? 1 : 8)
            );
        }

        // The source waits by the test's clock.
        while (!asking.IsCompleted)
        {
            test.Clock.Pass(TimeSpan.FromSeconds(1));
            await Task.Delay(1);
        }

        var replies = await asking;
        Assert.Equal(questions.Select(q => q.Id), replies.Select(r => r.QuestionId).Order());
        Assert.Equal(3, replies.Count(r => r.Best == 1));
        Assert.Equal(1, replies.Count(r => r.Best is null));
        Assert.Equal(3, (await test.Store.Projects.ProgressAsync(test.Project.Id, default)).Tasks);
        await test.AddPairsAsync(2);
        await test.SubmitAsync(test.People[1], (await test.ClaimAsync(test.People[1])).LeaseId, ComparisonJudgement.OfStrength(1));
        var manifest = await test.Store.Snapshots.CreateAsync(
            test.Project.Id,
            test.File("asked"),
            new SnapshotOptions { Tasks = await StoreFeedbackSource.TasksOfAsync(test.Store, test.Project, questions, default) },
            default
        );
        Assert.Equal((2, 1), (manifest.Labels, manifest.Annotators.Length));
    }
}
