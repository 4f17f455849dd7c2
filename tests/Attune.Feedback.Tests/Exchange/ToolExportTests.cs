using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Feedback.Exchange;
using Attune.Feedback.Formats;
using Attune.Feedback.Labels;
using Attune.Testing;

namespace Attune.Feedback.Tests.Exchange;

/// <summary>Files that annotation tools exported, read as the people who made them say.</summary>
public sealed class ToolExportTests
{
    private static readonly string[] People = ["annotator-1@example.org", "annotator-2@example.org", "annotator-3@example.org"];

    private static JsonObject Expected(string tool) =>
        JsonNode.Parse(File.ReadAllText(SharedData.Require($"exports/{tool}/expected.json")))!.AsObject();

    private static ImportFile Read(string file, ImportOptions? options = null) =>
        ImportFile.Read(SharedData.Require($"exports/{file}"), options ?? new ImportOptions());

    public static TheoryData<string, string> LabelStudioFiles =>
        [
            .. from name in new[] { "pairwise", "ranking", "rating", "spans", "dialogue" }
            from file in new[] { "json", "all-tasks.json", "min.json", "csv", "tsv" }
            select (name, $"{name}.{file}"),
            .. from name in new[] { "browser-pairwise", "browser-ranking", "browser-spans", "browser-paragraphs" }
            from file in new[] { "json", "min.json", "csv" }
            select (name, $"{name}.{file}"),
            ("pairwise", "pairwise.snapshot.json"),
            ("spans", "spans.snapshot.json"),
        ];

    [Theory]
    [MemberData(nameof(LabelStudioFiles))]
    public void Label_Studios_files_give_the_labels_that_count_for_each_person(string project, string file)
    {
        var expected = Expected("label-studio")[project]!;
        var read = Read($"label-studio/{file}");
        var labels = read.Items.SelectMany(i => i.Labels.Select(l => (i.Content, Label: l))).ToArray();
        Assert.Equal(
            expected["per_annotator"]!.AsObject().Select(p => (p.Key, p.Value!.GetValue<int>())),
            labels.CountBy(l => Person(l.Label.Annotator!)).Select(p => (p.Key, p.Value)).OrderBy(p => p.Key)
        );
        var byId = labels.ToDictionary(l => l.Label.Source!.Key);
        Assert.All(
            expected["annotations"]!.AsArray(),
            annotation =>
            {
                var (content, label) = byId[$"label-studio:{annotation!["annotation_id"]}"];
                Assert.Equal(annotation["annotator"]!.GetValue<string>(), Person(label.Annotator!));
                Assert.Equal(Said(project, annotation["value"]!), Said(label.Judgement, content));
            }
        );
    }

    private static string Person(string name) => int.TryParse(name, out var number) ? People[number - 1] : name;

    private static string Said(string project, JsonNode value) =>
        project.Contains("pairwise", StringComparison.Ordinal) ? (value["selected"] ?? value["better"])!.GetValue<string>()
        : (value["best_first"] ?? value["rank"]?["rank"]) is JsonArray best
            ? string.Join(",", best.Select(b => Letter(b!.GetValue<string>())))
        : value["helpful"] is { } helpful ? helpful.ToJsonString()
        : string.Join(
            "|",
            value["spans"]!
                .AsArray()
                .SelectMany(s =>
                    s!["labels"]!
                        .AsArray()
                        .Select(l => $"{l}:{Covered(s["text"]!)}" + (s["turn"] is null ? $"@{s["start"]}-{s["end"]}" : ""))
                )
                .Order(StringComparer.Ordinal)
        );

    private static string Letter(string id) => id[^1..];

    private static string Covered(JsonNode text) =>
        text is JsonArray parts ? string.Join("\n", parts.Select(p => p!.GetValue<string>())) : text.GetValue<string>();

    /// <summary>The answers of a ranking are told by their order in the data: a, b, c.</summary>
    private static string Said(Judgement judgement, ItemContent content) =>
        judgement switch
        {
            ComparisonJudgement comparison => comparison.Pick == Pick.First ? "left" : "right",
            RatingJudgement rating => rating.Value.ToString(System.Globalization.CultureInfo.InvariantCulture),
            RankingJudgement ranking => string.Join(",", ranking.Ranks.Index().OrderBy(r => r.Item).Select(r => "abc"[r.Index])),
            SpansJudgement spans => string.Join(
                "|",
                spans
                    .Spans.Select(s =>
                        $"{s.Type}:{CodePoints.Slice(content.Candidates[0].Text, s.Start, s.End)}"
                        // Of dialogues the positions are in the turns.
                        + (content.Extras!["frame"]!["data"]!["dialogue"] is null ? $"@{s.Start}-{s.End}" : "")
                    )
                    .Order(StringComparer.Ordinal)
            ),
            _ => "",
        };

    [Fact]
    public void Label_Studios_skipped_annotations_and_drafts_are_left_out_and_counted()
    {
        var read = Read("label-studio/pairwise.all-tasks.json");
        Assert.Equal(8, read.Items.Length);
        Assert.Equal(
            [("skipped by the annotator", 1, "row 3"), ("a draft that was never submitted", 1, "row 6")],
            read.LeftOut.Select(l => (l.Reason, l.Count, Assert.Single(l.Places)))
        );
        Assert.Equal("no answer to 'better'", Assert.Single(Read("label-studio/browser-pairwise.json").LeftOut).Reason);
        Assert.Contains(
            Read("label-studio/spans.all-tasks.json").LeftOut,
            l => l.Reason.Contains("draft of changes", StringComparison.Ordinal)
        );
        var severity = Read("label-studio/spans.json").Items.SelectMany(i => i.Labels).SelectMany(l => ((SpansJudgement)l.Judgement).Spans);
        Assert.Equal(4, severity.Count(s => s.Note is "major" or "minor"));
    }

    [Theory]
    [InlineData("records-flat.json")]
    [InlineData("records-api.json")]
    [InlineData("records-columns.json")]
    [InlineData("datasets-rows.jsonl")]
    [InlineData("datasets-rows.parquet")]
    public void Argillas_files_give_the_submitted_responses(string file)
    {
        var expected = Expected("argilla");
        var read = Read($"argilla/{file}");
        Assert.Equal((expected["records"]!.GetValue<int>(), "argilla"), (read.Items.Length, read.Format));
        AssertSubmitted(expected, read, "preference", v => v!.GetValue<string>());
        Assert.Equal(
            expected["left_out"]!.AsObject().Select(l => (l.Key, l.Value!.AsArray().Count)).Order(),
            read.LeftOut.Select(l => (l.Reason.Contains("draft", StringComparison.Ordinal) ? "draft" : "discarded", l.Count)).Order()
        );
    }

    private static void AssertSubmitted(JsonObject expected, ImportFile read, string question, Func<JsonNode, string> value)
    {
        var names = expected["users"]?.AsObject().ToDictionary(u => u.Value!.GetValue<string>(), u => u.Key);
        var submitted = expected["responses"]!
            .AsArray()
            .Where(r => r!["status"]!.GetValue<string>() == "submitted" && r["values"]![question] is not null);
        Assert.Equal(
            submitted
                .Select(r =>
                    (
                        (string)r!["record"]!,
                        names?[(string)r["annotator"]!] ?? $"00000000-0000-0000-0000-00000000000{((string)r["annotator"]!)[^1]}",
                        value(r["values"]![question]!)
                    )
                )
                .Order(),
            read.Items.SelectMany(i => i.Labels.Select(l => (i.Content.ExternalId!, l.Annotator!, Named(l.Judgement)))).Order()
        );
    }

    private static string Named(Judgement judgement) =>
        judgement switch
        {
            ComparisonJudgement { Pick: Pick.Tie } => "tie",
            ComparisonJudgement comparison => comparison.Pick == Pick.First ? "reply_1" : "reply_2",
            RankingJudgement ranking => string.Join(",", ranking.Ranks),
            _ => judgement.ToString(),
        };

    [Theory]
    [InlineData("dataset/records.json")]
    [InlineData("records-index.json")]
    public void Nested_records_do_not_say_what_was_submitted_which_is_noted(string file)
    {
        var read = Read($"argilla/{file}");
        Assert.Contains(read.Notes, n => n.Contains("does not say which responses were submitted", StringComparison.Ordinal));
        // The responses of pending records were not; of completed ones one discarded response cannot be told.
        Assert.Equal((8, 3), (read.Items.Sum(i => i.Labels.Length), Assert.Single(read.LeftOut).Count));
    }

    [Fact]
    public void Argillas_spans_count_UTF_16_units()
    {
        var read = Read("argilla/records-flat.json", new ImportOptions { Question = "marks" });
        var expected = Expected("argilla")["responses"]!.AsArray().Single(r => r!["spans"] is not null)!["spans"]!.AsArray();
        var item = Assert.Single(read.Items, i => !i.Labels.IsEmpty);
        Assert.Equal(
            expected.Select(s => ((string)s!["label"]!, (int)s["start"]!, (int)s["end"]!, (string)s["text"]!)),
            ((SpansJudgement)Assert.Single(item.Labels).Judgement).Spans.Select(s =>
                (s.Type, s.Start, s.End, CodePoints.Slice(item.Content.Candidates[0].Text, s.Start, s.End))
            )
        );
    }

    [Theory]
    [InlineData("feedback-rows.jsonl")]
    [InlineData("feedback-rows.parquet")]
    public void Rows_of_Argilla_1_give_the_submitted_rankings_with_their_ties(string file)
    {
        var expected = Expected("argilla-v1");
        var read = Read($"argilla-v1/{file}");
        Assert.Equal((6, ProjectKind.Ranking), (read.Items.Length, read.Kind));
        AssertSubmitted(
            expected,
            read,
            "ranking",
            v =>
                string.Join(
                    ",",
                    new[] { "response-1", "response-2" }.Select(n => v.AsArray().First(e => (string)e!["value"]! == n)!["rank"])
                )
        );
        var stars = Read($"argilla-v1/{file}", new ImportOptions { Question = "stars" });
        Assert.Equal(5, ((RatingJudgement)Assert.Single(stars.Items.SelectMany(i => i.Labels)).Judgement).Value);
    }

    [Theory]
    [InlineData("spans.annotator-1.jsonl", "spans", "annotator-1")]
    [InlineData("spans.annotator-2.jsonl", "spans", "annotator-2")]
    [InlineData("page-default.annotator-1.jsonl", "page-default", "annotator-1")]
    public void Doccanos_spans_are_read_as_code_points(string file, string project, string person)
    {
        var expected = Expected("doccano")[project]!["per_annotator"]![person]!["by_example"]!.AsObject();
        var read = Read($"doccano/{file}");
        var labelled = read.Items.Where(i => !i.Labels.IsEmpty).ToArray();
        Assert.Equal(expected.Select(e => e.Key), labelled.Select(i => i.Content.ExternalId));
        Assert.All(
            labelled,
            item =>
            {
                var label = Assert.Single(item.Labels);
                Assert.Equal(person, label.Annotator);
                Assert.Equal(
                    expected[item.Content.ExternalId!]!
                        .AsArray()
                        .Select(s => ((int)s!["start"]!, (int)s["end"]!, (string)s["label"]!, (string)s["text"]!))
                        .Order(),
                    ((SpansJudgement)label.Judgement)
                        .Spans.Select(s => (s.Start, s.End, s.Type, CodePoints.Slice(item.Content.Candidates[0].Text, s.Start, s.End)))
                        .Order()
                );
            }
        );
        Assert.Equal(read.Rows - labelled.Length, read.LeftOut.Sum(l => l.Count));
    }

    [Theory]
    [InlineData("annotator-1")]
    [InlineData("annotator-2")]
    public void Doccanos_classes_are_spans_over_the_whole_text(string person)
    {
        var expected = Expected("doccano")["classification"]!["per_annotator"]![person]!.AsObject();
        foreach (var ending in new[] { "jsonl", "json", "csv" })
        {
            var read = Read($"doccano/classification.{person}.{ending}");
            Assert.Equal(
                expected.Select(e => (e.Key, string.Join("|", e.Value!.AsArray().Select(l => (string)l!)))),
                read.Items.Where(i => !i.Labels.IsEmpty)
                    .Select(i =>
                        (i.Content.ExternalId!, string.Join("|", ((SpansJudgement)i.Labels[0].Judgement).Spans.Select(s => s.Type)))
                    )
            );
        }

        Assert.All(Read("doccano/classification.admin.jsonl").Items, i => Assert.Empty(i.Labels));
    }

    [Theory]
    [InlineData("export.jsonl", 3, 2)]
    [InlineData("export.csv", 3, 2)]
    [InlineData("export.tsv", 3, 2)]
    [InlineData("annotator-1.user_state.json", 3, 0)]
    [InlineData("annotator-2.user_state.json", 0, 2)]
    public void Potatos_labels_join_the_texts_of_its_data_file(string file, int first, int second)
    {
        var items = SharedData.Require("exports/potato/data.jsonl");
        var read = Read($"potato/{file}", new ImportOptions { Items = items });
        var labels = read.Items.SelectMany(i => i.Labels.Select(l => (i.Content, Label: l))).ToArray();
        Assert.Equal(
            (first, second),
            (labels.Count(l => l.Label.Annotator == "annotator-1"), labels.Count(l => l.Label.Annotator == "annotator-2"))
        );
        foreach (var (content, label) in labels)
        {
            var expected = Expected("potato")["annotations"]!
                .AsArray()
                .Single(a => (string)a!["item"]! == content.ExternalId && (string)a["annotator"]! == label.Annotator);
            Assert.Equal(
                expected!["spans"]!
                    .AsArray()
                    .Select(s => ((int)s!["start"]!, (int)s["end"]!, (string)s["label"]!, (string)s["text"]!))
                    .Order(),
                ((SpansJudgement)label.Judgement)
                    .Spans.Select(s => (s.Start, s.End, s.Type, CodePoints.Slice(content.Candidates[0].Text, s.Start, s.End)))
                    .Order()
            );
        }

        Assert.Contains("data file", Assert.Throws<Core.DataException>(() => Read($"potato/{file}")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dpo-text.jsonl")]
    [InlineData("dpo-text.parquet")]
    public void Distilabels_pairs_of_one_answer_are_left_out(string file)
    {
        var rows = Expected("distilabel")["dpo-text"]!["content"]!.AsArray();
        var read = Read($"distilabel/{file}");
        JsonNode[] pairs = [.. rows.Where(r => (double)r!["chosen_rating"]! != (double)r["rejected_rating"]!).Select(r => r!)];
        Assert.Equal(rows.Count - pairs.Length, read.LeftOut.Sum(l => l.Count));
        Assert.Equal(
            pairs.Select(r => ((string)r["chosen"]!.AsArray()[^1]!["content"]!, (string)r["rejected"]!.AsArray()[^1]!["content"]!)),
            read.Items.SelectMany(i => i.Labels.Select(l => (i.Content.Candidates[0].Text, i.Content.Candidates[1].Text)))
        );
    }
}
