using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Attune.Core.Feedback;
using Attune.Feedback.Exchange;
using Attune.Feedback.Formats;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Snapshots;
using Attune.Testing;
using Attune.Text.Tokenizers;

namespace Attune.Feedback.Tests.Formats;

/// <summary>What goes in comes out: every field of every row, through the database.</summary>
public sealed class FormatTests
{
    private const string Nasty = " 👩🏽‍🔬 e\u0301 \\r\\n\\tNUL\\u0000 \\\"quoted\\\" ünï \u202Ebidi  ";

    private static async Task<(string[] Before, string[] After, ImportFile Read)> RoundTripAsync(
        string path,
        string format,
        ITokenizer? tokenizer = null,
        bool detect = true,
        bool flagged = false
    )
    {
        var read = ImportFile.Read(
            path,
            new ImportOptions
            {
                Format = detect ? null : format,
                Tokenizer = tokenizer,
                Flagged = flagged,
            }
        );
        Assert.Equal(format, read.Format);
        await using var test = await TestStore.OpenAsync("SQLite", read.Kind, read.Settings);
        var added = await test.Store.Tasks.AddItemsAsync(null, test.Project.Id, read.Items, default);
        Assert.Equal(read.Items.Length, added.Items);
        var again = await test.Store.Tasks.AddItemsAsync(null, test.Project.Id, read.Items, default);
        Assert.Equal((0, read.Items.Length), (again.Items, again.Duplicates));
        var target = test.File("out.jsonl");
        await test.Store.Exports.WriteAsync(test.Project.Id, format, target, tokenizer, default);
        Assert.Null((await test.Store.Audit.VerifyAsync(default)).FirstBroken);
        return (Canonical(path), Canonical(target), read);
    }

    /// <summary>Rows with their fields in one order, so that rows are equal where they say the same.</summary>
    private static string[] Canonical(string path)
    {
        var bytes = File.ReadAllBytes(path);
        if (path.EndsWith(".gz", StringComparison.Ordinal))
        {
            using var unpacked = new MemoryStream();
            using (var packed = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress))
            {
                packed.CopyTo(unpacked);
            }
            bytes = unpacked.ToArray();
        }

        var text = Encoding.UTF8.GetString(bytes);
        IEnumerable<JsonNode?> rows = text.TrimStart().StartsWith('[')
            ? JsonNode.Parse(text)!.AsArray()
            : text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l));
        return [.. rows.Select(r => Sorted(r)!.ToJsonString()).Order(StringComparer.Ordinal)];
    }

    private static JsonNode? Sorted(JsonNode? node) =>
        node switch
        {
            JsonObject value => new JsonObject(
                value.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => KeyValuePair.Create(f.Key, Sorted(f.Value)))
            ),
            JsonArray list => new JsonArray([.. list.Select(Sorted)]),
            _ => node?.DeepClone(),
        };

    public static TheoryData<string, string> Rows =>
        new()
        {
            {
                "hh-rlhf",
                """{"chosen": "\n\nHuman: {{Nasty}}\n\nAssistant: {{Nasty}}1", "rejected": "\n\nHuman: {{Nasty}}\n\nAssistant: {{Nasty}}2"}"""
            },
            {
                "hh-rlhf",
                """{"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: a\n\nAssistant: c", "strength": 3, "annotator": "w1", "task_id": 7}"""
            },
            {
                "prm800k",
                """{"labeler":"l-1","timestamp":"2023-01-22T04:34:27.052924","generation":9,"is_quality_control_question":false,"is_initial_screening_question":false,"question":{"problem":"{{Nasty}}","ground_truth_answer":"4","pre_generated_steps":["x"],"pre_generated_verifier_score":0.0108},"label":{"steps":[{"completions":[{"text":"{{Nasty}}","rating":1,"flagged":null},{"text":"other","rating":0,"flagged":null}],"human_completion":null,"chosen_completion":0},{"completions":[{"text":"wrong","rating":-1,"flagged":true}],"human_completion":null,"chosen_completion":null}],"total_time":278270,"finish_reason":"found_error"}}"""
            },
            {
                "summarize-from-feedback",
                """{"info":{"id":"t3_2vwp1w","post":"{{Nasty}}","title":"t","subreddit":"legaladvice"},"summaries":[{"text":"{{Nasty}}","policy":"sup4","note":"n"},{"text":" b","policy":"ref","note":null}],"choice":1,"worker":"ik","batch":"batch9","split":"train","extra":{"confidence":8}}"""
            },
            {
                "summarize-from-feedback",
                """{"info":{"id":"c1","site":"cnn","title":"t","article":"{{Nasty}}"},"split":"test","summary":{"text":"{{Nasty}}","policy":"ref","note":null,"axes":{"overall":3,"accuracy":5,"coverage":4,"coherence":2}},"worker":"w","batch":"cnndm1"}"""
            },
            {
                "fine-grained",
                """{"question":"{{Nasty}}","passages":[["Title","sent 1","{{Nasty}}"]],"gold":"g","prediction 1":"👩🏽‍🔬 said so","prediction 2":"b","prediction 3":"c","prediction 4":"d","feedback":{"errors":[{"error type":"Irrelevant","explanation":"","start":0,"end":4}],"missing-info":[{"error type":"Missing-Answer","passage_id":0,"sentence_id":[1,2]}],"corrected-prediction":"{{Nasty}}"},"preference":[0,2,1,0,1,1]}"""
            },
            {
                "chatbot-arena",
                """{"question_id":"q","model_a":"a-7b","model_b":"b-7b","winner":"tie (bothbad)","judge":"arena_user_1","conversation_a":[{"role":"user","content":"{{Nasty}}","num_tokens":3},{"role":"assistant","content":"{{Nasty}}","num_tokens":4}],"conversation_b":[{"role":"user","content":"{{Nasty}}","num_tokens":3},{"role":"assistant","content":"no","num_tokens":1}],"turn":1,"anony":true,"language":"English","tstamp":1690000000.5}"""
            },
            { "alpaca-farm", """{"instruction":"{{Nasty}}","input":"in","output_1":"{{Nasty}}","output_2":"b","preference":2}""" },
            { "trl", """{"prompt":"{{Nasty}}","chosen":"{{Nasty}}","rejected":" b","margin":0.5,"annotator":"w"}""" },
            {
                "trl",
                """{"prompt":[{"role":"system","content":"s"},{"role":"user","content":"{{Nasty}}"}],"chosen":[{"role":"assistant","content":"{{Nasty}}"}],"rejected":[{"role":"assistant","content":"b"}]}"""
            },
            {
                "trl",
                """{"chosen":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}],"rejected":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Go"}]}"""
            },
            { "trl", """{"prompt":"p","chosen":"a","rejected":"b","probability":0.7}""" },
            { "trl", """{"chosen":"The sky is blue.","rejected":"The sky is green."}""" },
            { "trl", """{"prompt":"p","completion":"{{Nasty}}","label":true}""" },
            { "trl", """{"prompt":"p","completions":["a","b","c"],"labels":[true,0,false]}""" },
            { "trl", """{"prompt":"p","answers":["a","b","c"],"ranks":[1,2,2]}""" },
            { "trl", """{"prompt":"p","answers":["a","b","c"],"best":2}""" },
            { "trl", """{"prompt":"p alone"}""" },
            {
                "argilla",
                """{"id":"r1","status":"completed","prompt":"{{Nasty}}","reply_1":"{{Nasty}}","reply_2":"b","preference.responses":["reply_1","reply_2"],"preference.responses.users":["u1","u2"],"preference.responses.status":["submitted","submitted"],"preference.suggestion":"reply_1","preference.suggestion.score":0.9,"preference.suggestion.agent":"rm-v3"}"""
            },
            {
                "argilla",
                """{"id":"r2","fields":{"prompt":"p","response_1":"a","response_2":"b","response_3":"{{Nasty}}"},"metadata":{"k":1},"suggestions":{},"responses":{"order":[{"value":[{"value":"response_1","rank":2},{"value":"response_2","rank":1},{"value":"response_3","rank":2}],"user_id":"u1","status":"submitted"}]},"vectors":{},"status":"completed"}"""
            },
            {
                "argilla",
                """{"id":"r3","fields":{"prompt":"p","response_1":"👩🏽‍🔬 {{Nasty}}"},"metadata":{},"suggestions":{},"responses":{"errors":[{"value":[],"user_id":"u0","status":"submitted"},{"value":[{"label":"Irrelevant","start":0,"end":4},{"label":"Redundant","start":5,"end":7}],"user_id":"u1","status":"submitted"}]},"vectors":{},"status":"completed"}"""
            },
            {
                "argilla",
                """{"id":"r4","status":"completed","prompt":"p","response_1":"a b c","errors.responses":[[{"label":"Wrong","start":2,"end":3}]],"errors.responses.users":["u1"],"errors.responses.status":["submitted"]}"""
            },
            {
                "fine-grained",
                """{"question":"q","passages":[],"prediction 1":"a b","feedback":{"errors":[{"error type":"Redundant","explanation":"said before","start":2,"end":3}],"missing-info":[],"corrected-prediction":null},"annotator":"w1"}"""
            },
            {
                "open-assistant",
                """{"message_tree_id":"t","tree_state":"ready_for_export","prompt":{"message_id":"t","parent_id":null,"text":"{{Nasty}}","role":"prompter","lang":"en","emojis":{"+1":2},"labels":{"quality":{"value":0.41,"count":3}},"replies":[{"message_id":"a","text":"{{Nasty}}","role":"assistant","rank":1,"replies":[{"message_id":"c","text":"more","role":"prompter","replies":[{"message_id":"d","text":"d","role":"assistant","rank":0,"replies":[]},{"message_id":"e","text":"e","role":"assistant","rank":1,"replies":[]}]}]},{"message_id":"b","text":"b","role":"assistant","rank":0,"model_name":"m","replies":[]},{"message_id":"f","text":"unranked","role":"assistant","rank":null,"replies":[]}]},"origin":null}"""
            },
        };

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_row_comes_out_field_by_field_as_it_went_in(string format, string row)
    {
        using var folder = new TemporaryFolder();
        var (before, after, _) = await RoundTripAsync(
            folder.WriteText("in.jsonl", row.Replace("{{Nasty}}", Nasty, StringComparison.Ordinal) + "\n"),
            format
        );
        Assert.Equal(before, after);
    }

    [Theory]
    [InlineData("reasoning/samples_prm800k.jsonl", "prm800k", 6)]
    [InlineData("fine-grained/qa-feedback-400.json", "fine-grained", 400)]
    [InlineData("preferences/open-assistant-trees.jsonl", "open-assistant", 100)]
    public async Task Real_files_come_out_as_they_went_in(string file, string format, int rows)
    {
        var (before, after, read) = await RoundTripAsync(SharedData.Require(file), format, flagged: true);
        Assert.Equal((rows, 0, 0), (read.Rows, read.LeftOut.Length, read.Empty));
        Assert.Empty(read.Dropped);
        Assert.Equal(before, after);
    }

    /// <summary>
    /// Two of the 1800 rows differ before the assistant's last turn; reading the file for training leaves out the same two.
    /// </summary>
    [Fact]
    public async Task Transcripts_come_out_as_they_went_in_except_those_that_data_files_leave_out_too()
    {
        var path = SharedData.Require("preferences/hh-harmless.jsonl.gz");
        var (before, after, read) = await RoundTripAsync(path, "hh-rlhf");
        Assert.Equal((1800, 0), (read.Rows, read.Empty));
        Assert.Equal(Data.Formats.DatasetFile.Read<Preference>(path).Dropped, read.Dropped);
        Assert.Equal(1798, after.Length);
        Assert.Empty(after.Except(before));
    }

    /// <summary>
    /// Transcripts that differ before the last turn would make answers that hold the user's words, and training would learn to write them.
    /// </summary>
    [Theory]
    [InlineData(
        """{"chosen":"\n\nHuman: One\n\nAssistant: a\n\nHuman: Two\n\nAssistant: b","rejected":"\n\nHuman: One\n\nAssistant: c"}"""
    )]
    [InlineData("""{"chosen": "\n\nHuman: one\n\nAssistant: b", "rejected": "\n\nHuman: two\n\nAssistant: c"}""")]
    [InlineData(
        """{"chosen":[{"role":"user","content":"Hi"},{"role":"assistant","content":"a"}],"rejected":[{"role":"user","content":"Ho"},{"role":"assistant","content":"b"}]}"""
    )]
    [InlineData("""{"chosen":"One.","rejected":"Two."}""")]
    [InlineData("""{"prompt":"p","chosen":"a","rejected":"b","score_chosen":1,"score_rejected":1}""")]
    public void Pairs_that_data_files_leave_out_are_left_out_of_the_store_for_the_same_reason(string row)
    {
        using var folder = new TemporaryFolder();
        var path = folder.WriteText("in.jsonl", row + "\n" + """{"prompt":"p","chosen":"a","rejected":"b"}""" + "\n");
        var format = row.Contains("Assistant:", StringComparison.Ordinal) ? "hh-rlhf" : "trl";
        var read = ImportFile.Read(format == "trl" ? path : folder.WriteText("hh.jsonl", row), format, null);
        Assert.Equal(Data.Formats.DatasetFile.Read<Preference>(path).Dropped, read.Dropped);
        Assert.Equal(1, Assert.Single(read.Dropped).Count);
        Assert.Equal(format == "trl" ? 1 : 0, read.Items.Length);
    }

    [Fact]
    public void Battles_of_several_turns_are_left_out_and_counted()
    {
        using var folder = new TemporaryFolder();
        const string Row =
            """{"question_id":"q2","model_a":"a","model_b":"b","winner":"model_b","judge":"u","conversation_a":[{"role":"user","content":"x"},{"role":"assistant","content":"1"},{"role":"user","content":"y"},{"role":"assistant","content":"2"}],"conversation_b":[{"role":"user","content":"x"},{"role":"assistant","content":"3"},{"role":"user","content":"y"},{"role":"assistant","content":"4"}],"turn":2,"anony":true,"language":"English","tstamp":1690000000.0}""";
        var read = ImportFile.Read(folder.WriteText("in.jsonl", Row), null, null);
        Assert.Equal(("chatbot-arena", 0, 0), (read.Format, read.Items.Length, read.Empty));
        Assert.Equal(new Data.DroppedRows("the two conversations already differ before their last turn", 1), Assert.Single(read.Dropped));
    }

    [Fact]
    public async Task Token_ids_are_read_with_their_tokenizer_and_keep_their_padding()
    {
        using var folder = new TemporaryFolder();
        File.Copy(SharedData.Require("tokenizers/gpt2/gpt2_vocab.json"), folder.File("vocab.json"));
        File.Copy(SharedData.Require("tokenizers/gpt2/gpt2_merges.txt"), folder.File("merges.txt"));
        var tokenizer = TokenizerFiles.Load(folder.Path);
        string Ids(string text, int length) =>
            string.Join(',', tokenizer.Encode(text).Concat(Enumerable.Repeat(50259, length)).Take(length));
        var rows = $$"""
            {"query":[{{Ids("How are you", 6)}}],"sample0":[{{Ids(" fine", 4)}}],"sample1":[{{Ids(" not well", 4)}}],"sample2":[{{Ids(
                " ok",
                4
            )}}],"sample3":[{{Ids(" so-so", 4)}}],"best":2}
            """;
        var (before, after, read) = await RoundTripAsync(folder.WriteText("labels.jsonl", rows), "ziegler", tokenizer);
        Assert.Equal(before, after);
        Assert.Equal(" fine", read.Items[0].Content.Candidates[0].Text);
    }

    /// <summary>Ids cut in the middle of a character have no text of their own, and come out all the same.</summary>
    [Fact]
    public async Task Token_ids_of_emoji_and_combining_characters_come_out_as_they_were_cut()
    {
        using var folder = new TemporaryFolder();
        File.Copy(SharedData.Require("tokenizers/gpt2/gpt2_vocab.json"), folder.File("vocab.json"));
        File.Copy(SharedData.Require("tokenizers/gpt2/gpt2_merges.txt"), folder.File("merges.txt"));
        var tokenizer = TokenizerFiles.Load(folder.Path);
        var ids = tokenizer.Encode(" 👩🏽‍🔬 e\u0301\r\n ünï").ToArray();
        var rows = string.Join(
            '\n',
            Enumerable
                .Range(1, ids.Length)
                .Select(n =>
                    $$"""{"query":[{{string.Join(',', ids)}}],"sample0":[{{string.Join(',', ids[..n])}}],"sample1":[1,{{n}}],"difference":{{(n % 2 == 0 ? 1 : -1)}}.5}"""
                )
        );
        var (before, after, _) = await RoundTripAsync(folder.WriteText("labels.jsonl", rows), "ziegler", tokenizer);
        Assert.Equal(before, after);
    }

    public static TheoryData<string, string> OneOfEach =>
        [.. Rows.GroupBy(r => r.Data.Item1).Select(g => g.First(r => r.Data.Item2.Contains("{{Nasty}}", StringComparison.Ordinal)).Data)];

    [Theory]
    [MemberData(nameof(OneOfEach))]
    public async Task Texts_of_a_megabyte_come_out_whole(string format, string row)
    {
        using var folder = new TemporaryFolder();
        var text = string.Concat(Enumerable.Repeat("ünï👩🏽‍🔬 e\u0301\\r\\n ", 60_000));
        var (before, after, _) = await RoundTripAsync(
            folder.WriteText("big.jsonl", row.Replace("{{Nasty}}", text, StringComparison.Ordinal) + "\n"),
            format
        );
        Assert.True(before[0].Length > 1_000_000);
        Assert.Equal(before, after);
    }

    /// <summary>The frame must not speak for the store: where a label changed since, the export says what the store says.</summary>
    [Fact]
    public async Task What_was_labelled_anew_is_what_comes_out()
    {
        using var folder = new TemporaryFolder();
        var read = ImportFile.Read(
            folder.WriteText("in.jsonl", """{"prompt":"p","chosen":"a","rejected":"b"}"""),
            null,
            null,
            labels: false
        );
        await using var test = await TestStore.OpenAsync("SQLite", read.Kind);
        await test.Store.Tasks.AddItemsAsync(null, test.Project.Id, read.Items, default);
        var task = await test.ClaimAsync(test.People[0]);
        await test.SubmitAsync(test.People[0], task.LeaseId, ComparisonJudgement.OfStrength(task.Candidates[0].Text == "b" ? 1 : 8));
        var (rows, _) = await test.Store.Exports.RowsAsync(test.Project.Id, "trl", null, default);
        Assert.Equal(
            ("b", "a", 1.0),
            (rows[0]["chosen"]!.GetValue<string>(), rows[0]["rejected"]!.GetValue<string>(), rows[0]["margin"]!.GetValue<double>())
        );
        foreach (var format in new[] { "hh-rlhf", "chatbot-arena", "alpaca-farm", "argilla", "summarize-from-feedback" })
        {
            var (written, report) = await test.Store.Exports.RowsAsync(test.Project.Id, format, null, default);
            Assert.Equal((1, 1, 0), (written.Count, report.Labels, report.Unsaid));
            // Read back, it is the same preference.
            var back = ImportFile.Read(folder.WriteText("out.jsonl", written[0].ToJsonString()), null, null);
            Assert.Equal((format, 1), (back.Format, back.Items.Length));
            var (first, second) = (back.Items[0].Content.Candidates[0].Text, back.Items[0].Content.Candidates[1].Text);
            var pick = ((ComparisonJudgement)Assert.Single(back.Items[0].Labels).Judgement).Pick;
            Assert.Equal("b", (pick == Pick.First ? first : second).Trim());
        }
    }

    /// <summary>What the app stores of marked parts reaches every file that can hold it.</summary>
    [Fact]
    public async Task Marked_parts_labelled_here_are_in_exports_and_snapshots_whole()
    {
        await using var test = await TestStore.OpenAsync("SQLite", ProjectKind.Spans, people: 1);
        var answer = "👩🏽‍🔬 said the sky is green";
        await test.Store.Tasks.AddItemsAsync(
            null,
            test.Project.Id,
            [
                new NewItem(
                    new ItemContent(new Core.Conversations.Prompt.Text("Why?"), [new Candidate(answer)])
                    {
                        Passages =
                        [
                            ["Sky", "It is blue."],
                        ],
                    }
                ),
            ],
            default
        );
        var said = new SpansJudgement(
            [new AnswerSpan(21, 26, "Wrong-Grounding", "it is blue")],
            [new MissingInformation("Missing-Answer", 0, [1])],
            "The sky is blue."
        );
        await test.SubmitAsync(test.People[0], (await test.ClaimAsync(test.People[0])).LeaseId, said);
        foreach (var format in new[] { "fine-grained", "argilla" })
        {
            var (rows, report) = await test.Store.Exports.RowsAsync(test.Project.Id, format, null, default);
            Assert.Equal((1, 0), (report.Labels, report.Unsaid));
            using var folder = new TemporaryFolder();
            var back = ImportFile.Read(folder.WriteText("back.jsonl", rows[0].ToJsonString()), null, null);
            var label = Assert.Single(Assert.Single(back.Items).Labels);
            Assert.StartsWith("annotator-", label.Annotator, StringComparison.Ordinal);
            // Argilla's spans have a label and no more.
            Assert.Equal(format == "argilla" ? new SpansJudgement([said.Spans[0] with { Note = null }], [], null) : said, label.Judgement);
        }

        await test.Store.Snapshots.CreateAsync(test.Project.Id, test.File("s"), new SnapshotOptions { HeldOut = 0 }, default);
        var row = JsonNode.Parse(File.ReadAllText(test.File("s/train.jsonl")))!;
        Assert.StartsWith("annotator-", row["annotator"]!.GetValue<string>(), StringComparison.Ordinal);
        row.AsObject().Remove("annotator");
        Assert.True(
            JsonNode.DeepEquals(
                row,
                JsonNode.Parse(
                    """
                    {"prompt":"Why?","answer":"👩🏽‍🔬 said the sky is green","spans":[{"start":21,"end":26,"type":"Wrong-Grounding","note":"it is blue"}],
                     "missing":[{"type":"Missing-Answer","passage":0,"sentences":[1]}],"passages":[["Sky","It is blue."]],"corrected":"The sky is blue."}
                    """
                )
            ),
            row.ToJsonString()
        );
        var read = Assert.Single(Data.Formats.DatasetFile.Read<SpanLabels>(test.File("s/train.jsonl")).Items);
        Assert.Equal(said.Spans, read.Spans);
        Assert.Equal(said.Missing, read.Missing);
        Assert.Equal((answer, "The sky is blue.", "It is blue."), (read.Answer, read.Corrected, read.Passages[0][1]));
        // No stage takes an answer with errors for one to imitate.
        Assert.Contains(
            "found rows",
            Assert.Throws<Core.DataException>(() => Data.Formats.DatasetFile.Read<Demonstration>(test.File("s/train.jsonl"))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Ratings_in_the_middle_of_the_scale_teach_nothing_and_are_counted_out_of_the_training_file()
    {
        await using var test = await TestStore.OpenAsync(
            "SQLite",
            ProjectKind.Rating,
            new ProjectSettings { Worst = 1, Best = 5 },
            people: 1
        );
        await test.Store.Tasks.AddItemsAsync(
            null,
            test.Project.Id,
            [
                .. Enumerable
                    .Range(0, 5)
                    .Select(i => new NewItem(new ItemContent(new Core.Conversations.Prompt.Text($"q{i}"), [new Candidate("a")]))),
            ],
            default
        );
        for (var i = 1; i <= 5; i++)
        {
            await test.SubmitAsync(test.People[0], (await test.ClaimAsync(test.People[0])).LeaseId, new RatingJudgement(i));
        }

        var manifest = await test.Store.Snapshots.CreateAsync(
            test.Project.Id,
            test.File("s"),
            new SnapshotOptions { HeldOut = 0 },
            default
        );
        Assert.Equal([("train.jsonl", 4), ("labels.jsonl", 5)], manifest.Files.Select(f => (f.Name, f.Rows)));
        Assert.Equal(4, File.ReadLines(test.File("s/train.jsonl")).Count());
    }

    [Theory]
    [InlineData("""{"chosen": 5, "rejected": "x", "prompt": "p"}""", "line 1, field \"chosen\": found the number 5; expected a text.")]
    [InlineData(
        """{"question":{"problem":"p"},"label":{"steps":[{"completions":[{"text":"a","rating":1}],"chosen_completion":3}],"finish_reason":"solution"}}""",
        "found 3; expected the index of a completion"
    )]
    [InlineData("""{"instruction":"i","output_1":"a","output_2":"b","preference":3}""", "found 3; expected 1 or 2.")]
    [InlineData("""{"nothing":"known"}""", "fit no format")]
    [InlineData("""{"prompt":"\ud83d","chosen":"a","rejected":"b"}""", "half a character")]
    public void A_bad_row_is_named_with_line_and_field(string row, string message)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(
            message,
            Assert.Throws<Core.DataException>(() => ImportFile.Read(folder.WriteText("bad.jsonl", row), null, null)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Labels_come_from_a_table_too()
    {
        using var folder = new TemporaryFolder();
        var path = folder.WriteText("pairs.csv", "prompt;chosen;rejected;margin\nHow?;a;b;\"0,5\"\nWhy?;c;d;\n");
        var read = ImportFile.Read(path, null, null);
        Assert.Equal((ProjectKind.Comparison, 2), (read.Kind, read.Items.Length));
        Assert.All(read.Items, i => Assert.Single(i.Labels));
    }
}
