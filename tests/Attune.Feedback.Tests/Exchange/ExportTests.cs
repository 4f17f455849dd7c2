using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Feedback.Exchange;
using Attune.Feedback.Formats;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Snapshots;

namespace Attune.Feedback.Tests.Exchange;

/// <summary>An export has what a snapshot's training file has, and says what it leaves out.</summary>
public sealed class ExportTests
{
    private static NewItem Item(string prompt, ImmutableArrayOf answers, params (string, Judgement)[] labels) =>
        new(new ItemContent(new Prompt.Text(prompt), [.. answers.Texts.Select(a => new Candidate(a))]))
        {
            Labels = [.. labels.Select(l => new ExistingLabel(l.Item1, l.Item2))],
        };

    private sealed record ImmutableArrayOf(params string[] Texts);

    private static async Task<TestStore> StoreAsync(ProjectKind kind, ProjectSettings settings, params NewItem[] items)
    {
        var test = await TestStore.OpenAsync("SQLite", kind, settings);
        await test.Store.Tasks.AddItemsAsync(null, test.Project.Id, items, default);
        return test;
    }

    [Fact]
    public async Task Ratings_give_the_rows_of_a_snapshot_and_the_middle_is_counted()
    {
        await using var test = await StoreAsync(
            ProjectKind.Rating,
            new ProjectSettings { Worst = 1, Best = 5 },
            [.. Enumerable.Range(1, 5).Select(i => Item($"q{i}", new("a"), ("w", new RatingJudgement(i))))]
        );
        var (rows, report) = await test.Store.Exports.RowsAsync(test.Project.Id, "trl", null, default);
        Assert.Equal((4, 4, 1), (report.Rows, report.Labels, report.Unsaid));
        Assert.Contains("middle of the scale", Assert.Single(report.LeftOut).Reason, StringComparison.Ordinal);
        Assert.Equal([false, false, true, true], rows.Select(r => r["label"]!.GetValue<bool>()));
        await AssertAsSnapshotAsync(test, rows);
    }

    private static async Task AssertAsSnapshotAsync(TestStore test, IEnumerable<JsonObject> rows)
    {
        var folder = test.File("s");
        await test.Store.Snapshots.CreateAsync(test.Project.Id, folder, new SnapshotOptions { HeldOut = 0 }, default);
        Assert.Equal(
            File.ReadAllLines(Path.Combine(folder, "train.jsonl")).Select(l => Canonical(JsonNode.Parse(l)!)),
            rows.Select(Canonical)
        );
    }

    private static string Canonical(JsonNode row) =>
        string.Join(';', row.AsObject().OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key}={f.Value?.ToJsonString()}"));

    [Fact]
    public async Task Steps_rated_up_to_an_error_and_decisions_are_exported_as_snapshots_have_them()
    {
        NewItem Steps(string prompt, StepsJudgement said) =>
            new(new ItemContent(new Prompt.Text(prompt), [Candidate.OfSteps(["a", "b", "c"])])) { Labels = [new ExistingLabel("w", said)] };
        await using var test = await StoreAsync(
            ProjectKind.Steps,
            new ProjectSettings(),
            Steps("p1", new StepsJudgement([1, -1, null], FinishReason.FoundError)),
            Steps("p2", new StepsJudgement([1, null, null], FinishReason.GiveUp)),
            Steps("p3", new StepsJudgement([1, 1, 1], FinishReason.Solution))
        );
        var task = (await test.Store.Tasks.ListAsync(test.Project.Id, -1, 10, default))[2];
        var decision = new StepsJudgement([1, 0, -1], FinishReason.FoundError);
        Assert.Empty(await test.Store.Quality.AdjudicateAsync(test.Owner, test.Project.Id, task.Id, decision, "wrong end", default));
        var (rows, report) = await test.Store.Exports.RowsAsync(test.Project.Id, "trl", null, default);
        Assert.Equal(["[true,false]", "[true,0,false]"], rows.Select(r => r["labels"]!.ToJsonString()));
        Assert.Equal(
            ["a manager's decision counts in its place", "the annotator gave the problem up, or found it bad"],
            report.LeftOut.Select(l => l.Reason)
        );
        await AssertAsSnapshotAsync(test, rows);
    }

    [Fact]
    public async Task A_format_that_cannot_hold_a_kind_is_refused_with_those_that_can()
    {
        await using var chat = await TestStore.OpenAsync("SQLite", ProjectKind.Chat);
        foreach (var format in new[] { "prm800k", "fine-grained", "open-assistant", "tamer", "doccano" })
        {
            var problem = await Assert.ThrowsAsync<Core.ConfigurationException>(() =>
                chat.Store.Exports.RowsAsync(chat.Project.Id, format, null, default)
            );
            Assert.Contains("formats that can: hh-rlhf", problem.Message, StringComparison.Ordinal);
        }

        Assert.Equal(["hh-rlhf", "ziegler", "summarize-from-feedback"], FeedbackFormats.For(ProjectKind.Chat).Take(3));
        Assert.DoesNotContain("tamer", FeedbackFormats.For(ProjectKind.Chat));
        Assert.Equal(["tamer"], FeedbackFormats.For(ProjectKind.Timed));
    }

    public static TheoryData<string, ProjectKind> ToolFormats =>
        [
            .. from format in new[] { "label-studio", "argilla" }
            from kind in new[] { ProjectKind.Comparison, ProjectKind.BestOf, ProjectKind.Ranking, ProjectKind.Rating, ProjectKind.Spans }
            select (format, kind),
        ];

    /// <summary>What two people say of one item goes into one record, and comes back as theirs.</summary>
    [Theory]
    [MemberData(nameof(ToolFormats))]
    public async Task Labels_come_back_from_a_tools_format(string format, ProjectKind kind)
    {
        var (one, other, answers) = kind switch
        {
            ProjectKind.Comparison => ((Judgement)new ComparisonJudgement(Pick.First), (Judgement)new ComparisonJudgement(Pick.Second), 2),
            ProjectKind.BestOf => (new ChoiceJudgement(2), new ChoiceJudgement(0), 3),
            ProjectKind.Ranking => (new RankingJudgement([2, 1, 3]), new RankingJudgement([3, 1, 2]), 3),
            ProjectKind.Rating => (new RatingJudgement(4), new RatingJudgement(2), 1),
            _ => (new SpansJudgement([new AnswerSpan(1, 3, "Wrong")], []), new SpansJudgement([], []), 1),
        };
        var texts = new[] { "a👩🏽‍🔬 one", "b two", "c three" }[..answers];
        await using var test = await StoreAsync(kind, new ProjectSettings(), Item("How?", new(texts), ("w1", one), ("w2", other)));
        var file = test.File("out.json");
        var report = await test.Store.Exports.WriteAsync(test.Project.Id, format, file, null, default);
        Assert.Equal((1, 2, 0), (report.Rows, report.Labels, report.Unsaid));
        var back = ImportFile.Read(file, new ImportOptions());
        Assert.Equal((format, kind), (back.Format, back.Kind));
        var item = Assert.Single(back.Items);
        Assert.Equal(texts, item.Content.Candidates.Select(c => c.Text));
        Assert.Equal("How?", ((Prompt.Text)item.Content.Prompt).Value);
        Assert.Equal([("w1", one), ("w2", other)], item.Labels.Select(l => (l.Annotator!, l.Judgement)));
    }

    [Fact]
    public async Task What_Label_Studio_cannot_say_is_counted()
    {
        await using var test = await StoreAsync(
            ProjectKind.Comparison,
            new ProjectSettings(),
            Item("p", new("a", "b"), ("w1", new ComparisonJudgement(Pick.Tie)), ("w2", ComparisonJudgement.OfStrength(1)))
        );
        var (rows, report) = await test.Store.Exports.RowsAsync(test.Project.Id, "label-studio", null, default);
        Assert.Equal((1, 1), (report.Labels, report.Unsaid));
        Assert.Equal("a tie, which label-studio cannot say", Assert.Single(report.LeftOut).Reason);
        var annotation = Assert.Single(rows[0]["annotations"]!.AsArray())!;
        // A person that Label Studio does not know would make it refuse the file.
        Assert.Null(annotation["completed_by"]);
        Assert.Equal("left", (string)annotation["result"]![0]!["value"]!["selected"]!);
        Assert.Equal(4, (int)annotation["result"]![1]!["value"]!["rating"]!);
    }
}
