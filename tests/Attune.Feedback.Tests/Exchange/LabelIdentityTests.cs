using Attune.Core.Feedback;
using Attune.Feedback.Exchange;
using Attune.Feedback.Formats;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Snapshots;
using Attune.Testing;

namespace Attune.Feedback.Tests.Exchange;

/// <summary>The same item, person and source row are one label; whatever differs in one of them is another.</summary>
public sealed class LabelIdentityTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private TestStore _test = null!;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _test.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<AddedItems> ImportAsync(string rows, string database = "SQLite", ImportOptions? options = null)
    {
        var read = ImportFile.Read(_folder.WriteText("in.jsonl", rows), options ?? new ImportOptions());
        _test ??= await TestStore.OpenAsync(database, read.Kind, read.Settings);
        var added = await _test.Store.Tasks.AddItemsAsync(null, _test.Project.Id, read.Items, default);
        Assert.Null((await _test.Store.Audit.VerifyAsync(default)).FirstBroken);
        return added;
    }

    private async Task<Preference[]> TrainingAsync()
    {
        var folder = _test.File($"s{Guid.NewGuid():N}");
        await _test.Store.Snapshots.CreateAsync(_test.Project.Id, folder, new SnapshotOptions { HeldOut = 0 }, default);
        return [.. Data.Formats.DatasetFile.Read<Preference>(Path.Combine(folder, "train.jsonl")).Items];
    }

    private static string Pair(string chosen, string rejected, string? person) =>
        $$"""{"prompt":"Q","chosen":"{{chosen}}","rejected":"{{rejected}}"{{(person is null ? "" : $", \"annotator\":\"{person}\"")}}}"""
        + "\n";

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task A_second_persons_file_for_the_same_items_adds_their_labels_once(string database)
    {
        Assert.Equal((1, 1), Of(await ImportAsync(Pair("a", "b", "ann-1"), database)));
        var second = await ImportAsync(Pair("a", "b", "ann-2"));
        Assert.Equal((0, 1), Of(second));
        Assert.Equal((1, 0), (second.Duplicates, second.Present));
        var again = await ImportAsync(Pair("a", "b", "ann-1") + Pair("a", "b", "ann-2"));
        Assert.Equal((0, 0, 2), (again.Items, again.Labels, again.Present));
        Assert.Equal(["ann-1", "ann-2"], (await TrainingAsync()).Select(p => p.Annotator).Order());
    }

    [Fact]
    public async Task A_record_that_gained_a_response_adds_that_response()
    {
        const string Record =
            """{"id":"r1","fields":{"prompt":"Hi","response_1":"Hello","response_2":"Yo"},"responses":{"preference":[{"value":"response_1","user_id":"u1"}MORE]}}""";
        await ImportAsync(Record.Replace("MORE", "", StringComparison.Ordinal));
        var added = await ImportAsync(Record.Replace("MORE", ",{\"value\":\"response_2\",\"user_id\":\"u2\"}", StringComparison.Ordinal));
        Assert.Equal((0, 1, 1), (added.Items, added.Labels, added.Present));
        // And one that the same person changed replaces theirs.
        var changed = await ImportAsync(
            Record
                .Replace("MORE", "", StringComparison.Ordinal)
                .Replace(":\"response_1\",\"user_id\"", ":\"response_2\",\"user_id\"", StringComparison.Ordinal)
        );
        Assert.Equal((0, 1), (changed.Labels, changed.Changed));
        Assert.Equal([("u1", "Yo"), ("u2", "Yo")], (await TrainingAsync()).Select(p => (p.Annotator!, p.Chosen)).Order());
    }

    [Fact]
    public async Task Labels_without_a_name_are_not_one_persons()
    {
        var three = Pair("a", "b", null) + Pair("a", "b", null) + Pair("b", "a", null);
        var added = await ImportAsync(three);
        Assert.Equal((1, 3, 0), (added.Items, added.Labels, added.Repeats));
        Assert.Equal((0, 3), ((await ImportAsync(three)).Labels, (await ImportAsync(three)).Present));
        Assert.Equal(1, (await ImportAsync(three + Pair("a", "b", null))).Labels);
        var rows = await TrainingAsync();
        Assert.Equal(4, rows.Length);
        Assert.All(rows, r => Assert.Null(r.Annotator));
        Assert.Empty((await _test.Store.Quality.OfAsync(_test.Project.Id, default)).Annotators);
    }

    [Fact]
    public async Task Rows_without_a_name_are_the_persons_the_reader_names()
    {
        await ImportAsync(Pair("a", "b", null), options: new ImportOptions { Annotator = "eve" });
        Assert.Equal("eve", Assert.Single(await TrainingAsync()).Annotator);
    }

    [Fact]
    public async Task Reversed_pairs_meet_the_same_item_with_the_preference_turned_over()
    {
        await ImportAsync(Pair("a", "b", "ann-1"));
        var second = await ImportAsync(Pair("b", "a", "ann-2"));
        Assert.Equal((0, 1), Of(second));
        Assert.Equal([("ann-1", "a", "b"), ("ann-2", "b", "a")], (await TrainingAsync()).Select(p => (p.Annotator!, p.Chosen, p.Rejected)));
        // Both come out as they went in.
        var (rows, _) = await _test.Store.Exports.RowsAsync(_test.Project.Id, "trl", null, default);
        Assert.Equal(["a", "b"], rows.Select(r => r["chosen"]!.GetValue<string>()));
        Assert.Equal(1, Assert.Single(await _test.Store.Quality.DisputedAsync(_test.Project.Id, 10, default)).Position + 1);
    }

    [Fact]
    public async Task Rankings_of_the_same_answers_in_another_order_meet_too()
    {
        await ImportAsync("""{"prompt":"Q","answers":["a","b","c"],"ranks":[1,2,3],"annotator":"x"}""" + "\n");
        var second = await ImportAsync("""{"prompt":"Q","answers":["c","a","b"],"ranks":[1,2,2],"annotator":"y"}""" + "\n");
        Assert.Equal((0, 1), Of(second));
        var task = Assert.Single(await _test.Store.Tasks.ListAsync(_test.Project.Id, -1, 10, default));
        Assert.Equal(["1,2,3", "2,2,1"], task.Labels.Select(l => string.Join(',', ((RankingJudgement)l.Judgement!).Ranks)).Order());
        var (rows, _) = await _test.Store.Exports.RowsAsync(_test.Project.Id, "trl", null, default);
        var turned = rows.Single(r => r["annotator"]!.GetValue<string>() == "y");
        Assert.Equal("""["c","a","b"]""", turned["answers"]!.ToJsonString());
        Assert.Equal("[1,2,2]", turned["ranks"]!.ToJsonString());
    }

    /// <summary>Someone who is asked the same twice and answers otherwise: both are kept, the first counts.</summary>
    [Fact]
    public async Task A_persons_second_label_of_an_item_is_kept_as_a_repeat()
    {
        var rows = Pair("a", "b", "ann-1") + Pair("b", "a", "ann-1");
        var added = await ImportAsync(rows);
        Assert.Equal((1, 2, 1), (added.Items, added.Labels, added.Repeats));
        Assert.Equal((0, 2), ((await ImportAsync(rows)).Labels, (await ImportAsync(rows)).Present));
        Assert.Equal("a", Assert.Single(await TrainingAsync()).Chosen);
        var quality = Assert.Single((await _test.Store.Quality.OfAsync(_test.Project.Id, default)).Annotators);
        Assert.Equal((0, 1), (quality.RepeatsAlike, quality.Repeats));
    }

    [Fact]
    public async Task Imported_labels_take_free_places_before_they_add_some()
    {
        await ImportAsync(Pair("a", "b", null), options: new ImportOptions { Labels = false });
        await ImportAsync(Pair("a", "b", "ann-1"));
        Assert.Equal((1, 1), Progress(await _test.Store.Projects.ProgressAsync(_test.Project.Id, default)));
        await ImportAsync(Pair("a", "b", "ann-2"));
        Assert.Equal((2, 2), Progress(await _test.Store.Projects.ProgressAsync(_test.Project.Id, default)));
    }

    [Fact]
    public async Task A_name_that_belongs_to_other_content_is_not_labelled_and_is_counted()
    {
        const string Row =
            """{"id":"r1","fields":{"prompt":"P","response_1":"a","response_2":"b"},"responses":{"q":[{"value":"response_1","user_id":"u1","status":"submitted"}]}}""";
        await ImportAsync(Row);
        var added = await ImportAsync(Row.Replace("\"P\"", "\"other\"", StringComparison.Ordinal));
        Assert.Equal((0, 0), Of(added));
        var left = Assert.Single(added.LeftOut);
        Assert.Equal((1, "line 1"), (left.Count, Assert.Single(left.Places)));
        Assert.Contains("another item is called 'r1'", left.Reason, StringComparison.Ordinal);
    }

    private static (int, int) Of(AddedItems added) => (added.Items, added.Labels);

    private static (int, int) Progress(ProjectProgress progress) => (progress.Wanted, progress.Done);
}
