using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Testing;
using CsCheck;

namespace Attune.Data.Tests.Formats;

public sealed class DatasetFileTests
{
    [Fact]
    public void Law_documents_survive_writing_and_reading() => Survives(Rows.Document);

    [Fact]
    public void Law_prompts_survive_writing_and_reading() => Survives(Rows.Prompt);

    [Fact]
    public void Law_demonstrations_survive_writing_and_reading() => Survives(Rows.Demonstration);

    [Fact]
    public void Law_preferences_survive_writing_and_reading() => Survives(Rows.Preference);

    [Fact]
    public void Law_verdicts_survive_writing_and_reading() => Survives(Rows.Verdict);

    [Fact]
    public void Law_step_labels_survive_writing_and_reading() => Survives(Rows.Steps);

    [Fact]
    public void Law_choices_survive_writing_and_reading() => Survives(Rows.Choice);

    [Fact]
    public void Law_rankings_survive_writing_and_reading() => Survives(Rows.Ranking);

    public static TheoryData<string, DatasetKind> Kinds =>
        new()
        {
            { """{"text": "The sky is blue."}""", DatasetKind.LanguageModeling },
            {
                """{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]}""",
                DatasetKind.LanguageModeling
            },
            { """{"prompt": "The sky is"}""", DatasetKind.PromptOnly },
            { """{"prompt": "The sky is", "completion": " blue."}""", DatasetKind.PromptCompletion },
            { """{"prompt": "The sky is", "chosen": " blue.", "rejected": " green."}""", DatasetKind.Preference },
            { """{"chosen": "The sky is blue.", "rejected": "The sky is green."}""", DatasetKind.Preference },
            { """{"prompt": "The sky is", "completion": " blue.", "label": true}""", DatasetKind.UnpairedPreference },
            { """{"prompt": "The sky is", "completion": " blue.", "rating": 0.5}""", DatasetKind.Rating },
            { """{"prompt": "2+2?", "completions": ["2+2", "=5"], "labels": [true, false]}""", DatasetKind.Stepwise },
            { """{"prompt": "2+2?", "answers": ["4", "5"], "best": 0}""", DatasetKind.Choice },
            { """{"prompt": "2+2?", "answers": ["4", "5"], "ranks": [1, 2]}""", DatasetKind.Ranking },
        };

    [Fact]
    public void Ratings_keep_their_scale_and_soft_labels_their_probability()
    {
        using var folder = new TemporaryFolder();
        var ratings = folder.WriteText("ratings.jsonl", """{"prompt": "a", "completion": "b", "rating": 4, "worst": 1, "best": 5}""");
        var rating = Assert.Single(DatasetFile.Read<Rating>(ratings).Items);
        Assert.Equal((4, 1, 5, 0.75), (rating.Value, rating.Worst, rating.Best, rating.Share));
        DatasetFile.Write(folder.File("again.jsonl"), [rating]);
        Assert.Equal(rating, Assert.Single(DatasetFile.Read<Rating>(folder.File("again.jsonl")).Items));
        var pairs = folder.WriteText("pairs.jsonl", """{"prompt": "a", "chosen": "b", "rejected": "c", "probability": 0.7}""");
        var pair = Assert.Single(DatasetFile.Read<Preference>(pairs).Items);
        Assert.Equal(0.7, pair.Probability);
        DatasetFile.Write(folder.File("pairs-again.jsonl"), [pair]);
        Assert.Equal(pair, Assert.Single(DatasetFile.Read<Preference>(folder.File("pairs-again.jsonl")).Items));
    }

    [Theory]
    [InlineData("""{"prompt": "a", "completion": "b", "rating": 4}""", "rating", "expected 0 to 1")]
    [InlineData("""{"prompt": "a", "completion": "b", "rating": 4, "worst": 5, "best": 1}""", "best", "expected more than worst")]
    public void A_rating_outside_its_scale_is_said(string row, string field, string expected)
    {
        using var folder = new TemporaryFolder();
        var problem = Assert.Throws<DataException>(() => DatasetFile.Read<Rating>(folder.WriteText("a.jsonl", row)));
        Assert.Contains(field, problem.Message, StringComparison.Ordinal);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_kind_of_a_file_is_told_by_its_fields(string row, DatasetKind kind)
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(kind, DatasetFile.Detect(folder.WriteText("a.jsonl", row)));
    }

    [Fact]
    public void The_shared_beginning_of_two_texts_is_the_prompt_and_words_are_not_cut()
    {
        var pair = Assert.Single(Read<Preference>("""{"chosen": "The sky is blue today.", "rejected": "The sky is black."}""").Items);
        Assert.Equal((new Prompt.Text("The sky is"), " blue today.", " black."), (pair.Prompt, pair.Chosen, pair.Rejected));
    }

    [Fact]
    public void The_shared_beginning_of_two_conversations_is_the_prompt()
    {
        var pair = Assert.Single(
            Read<Preference>(
                """
                {"chosen": [{"role":"user","content":"Hi"},{"role":"assistant","content":"Ho"}], "rejected": [{"role":"user","content":"Hi"},{"role":"assistant","content":"No"}], "margin": 2}
                """
            ).Items
        );
        Assert.Equal(new Preference(new Prompt.Chat([new Message(Role.User, "Hi")]), "Ho", "No", 2), pair);
    }

    [Fact]
    public void A_third_answer_beside_a_prompt_is_the_gold_one()
    {
        var pair = Assert.Single(Read<Preference>("""{"prompt": "a", "chosen": "b", "rejected": "c", "reference": "d"}""").Items);
        Assert.Equal("d", pair.Gold);
        var turn = """[{"role":"assistant","content":"Ho"}]""";
        var other = """[{"role":"assistant","content":"Hm"}]""";
        var chat = Assert.Single(
            Read<Preference>(
                $$"""{"prompt": [{"role":"user","content":"Hi"}], "chosen": {{turn}}, "rejected": {{other}}, "reference": {{turn}}}"""
            ).Items
        );
        Assert.Equal("Ho", chat.Gold);
    }

    [Fact]
    public void Pairs_of_one_answer_are_left_out_and_a_file_that_is_one_object_is_one_row()
    {
        var data = Read<Preference>(
            """
            {"prompt": "p", "chosen": [{"role":"user","content":"p"},{"role":"assistant","content":"a"}], "rejected": [{"role":"user","content":"p"},{"role":"assistant","content":"a"}]}
            {"prompt": "p", "chosen": "a", "rejected": "b", "chosen_rating": 4, "rejected_rating": 4}
            {"prompt": "p", "chosen": "a", "rejected": "b", "chosen_rating": 5, "rejected_rating": 4}
            """
        );
        Assert.Single(data.Items);
        Assert.Equal(["chosen equals rejected", "a tie: both answers have the same score"], data.Dropped.Select(d => d.Reason));
        var only = Read<Preference>("{\n  \"prompt\": \"p\",\n  \"chosen\": \"a\",\n  \"rejected\": \"b\"\n}\n");
        Assert.Equal("a", Assert.Single(only.Items).Chosen);
        // A line that is cut is an error of that line still.
        var cut = Assert.Throws<DataException>(() =>
            Read<Preference>("{\"prompt\": \"p\", \"chosen\": \"a\",\n{\"prompt\": \"q\", \"chosen\": \"a\", \"rejected\": \"b\"}\n")
        );
        Assert.Contains("line 1", cut.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pairs_without_a_common_prompt_are_left_out_and_counted_by_reason()
    {
        var data = Read<Preference>(
            """
            {"chosen": "Blue", "rejected": "Green"}
            {"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: c\n\nAssistant: d"}
            {"chosen": [{"role":"user","content":"a"},{"role":"assistant","content":"b"}], "rejected": [{"role":"user","content":"c"},{"role":"assistant","content":"d"}]}
            {"chosen": [{"role":"assistant","content":"b"}], "rejected": [{"role":"assistant","content":"d"}]}
            {"chosen": "a b", "rejected": "a c"}
            """
        );
        Assert.Single(data.Items);
        Assert.Equal(
            [
                "the two texts share no prompt",
                "the two transcripts differ before the assistant's last turn",
                "the two conversations already differ before their last turn",
                "the two conversations share no prompt",
            ],
            data.Dropped.Select(d => d.Reason)
        );
        Assert.All(data.Dropped, d => Assert.Equal(1, d.Count));
    }

    [Fact]
    public void Of_an_answer_of_several_messages_the_last_is_the_answer_and_the_others_join_the_prompt()
    {
        var item = Assert.Single(
            Read<Demonstration>(
                """
                {"prompt": [{"role":"user","content":"1"}], "completion": [{"role":"assistant","content":"2"},{"role":"user","content":"3"},{"role":"assistant","content":"4"}]}
                """
            ).Items
        );
        Assert.Equal(
            new Prompt.Chat([new Message(Role.User, "1"), new Message(Role.Assistant, "2"), new Message(Role.User, "3")]),
            item.Prompt
        );
        Assert.Equal("4", item.Answer);
    }

    [Fact]
    public void A_conversation_is_a_demonstration_of_its_last_turn()
    {
        var item = Assert.Single(
            Read<Demonstration>(
                """{"messages": [{"role":"system","content":"s"},{"role":"user","content":"u"},{"role":"assistant","content":"a"}]}"""
            ).Items
        );
        Assert.Equal(new Demonstration(new Prompt.Chat([new Message(Role.System, "s"), new Message(Role.User, "u")]), "a"), item);
    }

    [Fact]
    public void Step_labels_are_right_wrong_or_a_number_between()
    {
        var item = Assert.Single(
            Read<StepLabels>("""{"prompt": "p", "completions": ["a", "b", "c", "d"], "labels": [true, false, 0, 0.25]}""").Items
        );
        Assert.Equal([1, -1, 0, 0.25], item.Steps.Select(s => s.Label));
    }

    [Fact]
    public void Prompts_can_be_read_from_every_kind_that_has_them()
    {
        foreach (var row in Kinds.Select(k => k.Data.Item1).Where(r => r.Contains("\"prompt\"", StringComparison.Ordinal)))
        {
            Assert.IsType<Prompt.Text>(Assert.Single(Read<Prompt>(row).Items));
        }

        Assert.Equal(
            new Prompt.Text("The sky is"),
            Assert.Single(Read<Prompt>("""{"chosen": "The sky is blue", "rejected": "The sky is red"}""").Items)
        );
    }

    [Fact]
    public void Fields_that_data_sets_carry_beside_the_point_are_reported_not_refused()
    {
        var data = Read<Verdict>(
            """
            {"prompt": "a", "completion": "b", "label": true, "id": 7, "source": null}
            {"prompt": "b", "completion": "c", "label": true, "id": 8}
            """
        );
        Assert.Equal(2, data.Items.Length);
        Assert.Equal(["not used: id, source (in 1 of 2 rows)"], data.Notes);
    }

    [Fact]
    public void Prompts_keep_the_other_columns_of_their_rows_which_do_not_make_them_differ()
    {
        var data = Read<Prompt>(
            """
            {"prompt": "a", "level": 3, "answer": {"n": [1]}}
            {"prompt": "a"}
            {"question": "q", "answer": "#### 1"}
            """
        );
        Assert.Equal(data.Items[0], data.Items[1]);
        Assert.Equal(new Prompt.Text("q"), data.Items[2]);
        Assert.Equal(["answer", "level"], data.Items[0].Columns.Keys);
        Assert.Equal("{\"n\": [1]}", data.Items[0].Columns["answer"].GetRawText());
        Assert.Contains(data.Notes, n => n.StartsWith("kept for rewards to read: answer (in 2 of 3 rows)", StringComparison.Ordinal));
    }

    [Fact]
    public void Transcripts_of_hh_share_the_prompt_up_to_the_last_assistant_turn()
    {
        var data = DatasetFile.Read<Preference>(SharedData.Require("preferences/hh-harmless.jsonl.gz"));
        Assert.Equal(1798, data.Items.Length);
        Assert.Equal(new DroppedRows("the two transcripts differ before the assistant's last turn", 2), Assert.Single(data.Dropped));
        Assert.All(data.Items, p => Assert.EndsWith("\n\nAssistant:", ((Prompt.Text)p.Prompt).Value, StringComparison.Ordinal));
    }

    [Fact]
    public void The_hash_is_that_of_the_file_as_it_lies_on_disk()
    {
        using var folder = new TemporaryFolder();
        // SHA-256 of the 16 bytes {"prompt": "ab"} and nothing else.
        var path = folder.WriteText("a.jsonl", "{\"prompt\": \"ab\"}");
        var expected = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("{\"prompt\": \"ab\"}"u8));
        Assert.Equal(expected, DatasetFile.Read<Prompt>(path).Sha256);
    }

    [Theory]
    [InlineData("one\ntwo\nthree\n", new[] { "one", "two", "three" }, "each line")]
    [InlineData("one\r\ntwo\r\n\r\n\r\nthree", new[] { "one\ntwo", "three" }, "between blank lines")]
    [InlineData("one\n\ntwo\n<|endoftext|>\nthree\n<|endoftext|>\n", new[] { "one\n\ntwo", "three" }, "<|endoftext|>")]
    public void Plain_text_is_cut_by_end_marks_else_blank_lines_else_lines(string text, string[] documents, string note)
    {
        using var folder = new TemporaryFolder();
        var data = DatasetFile.Read<Document>(folder.WriteText("a.txt", text));
        Assert.Equal(documents, data.Items.Select(d => d.Text));
        Assert.Contains(note, Assert.Single(data.Notes), StringComparison.Ordinal);
    }

    private static void Survives<T>(Gen<T> rows)
        where T : notnull
    {
        using var folder = new TemporaryFolder();
        var file = 0;
        rows.Array[1, 5]
            .Sample(
                items =>
                {
                    var number = Interlocked.Increment(ref file);
                    var path = folder.File($"{number}{(number % 3) switch { 0 => ".json", 1 => ".jsonl", _ => ".jsonl.gz" }}");
                    DatasetFile.Write(path, items);
                    var back = DatasetFile.Read<T>(path);
                    File.Delete(path);
                    return back.Dropped.IsEmpty
                        && back.Notes.IsEmpty
                        && items.SelectMany(i => Rows.Fields(i)).SequenceEqual(back.Items.SelectMany(i => Rows.Fields(i)));
                },
                iter: 60
            );
    }

    private static LoadedData<T> Read<T>(string rows)
    {
        using var folder = new TemporaryFolder();
        return DatasetFile.Read<T>(folder.WriteText("a.jsonl", rows));
    }

    [Theory]
    [InlineData("caf\u00c3\u00a9", "'\u00c3\u00a9'")]
    [InlineData("it\u00e2\u20ac\u2122s", "'\u00e2\u20ac\u2122'")]
    [InlineData("20\u00c2\u00b0", "'\u00c2\u00b0'")]
    [InlineData("caf\u00e9, \u00c3O, p\u00e2te, 20 \u00b0, \u20ac 5", null)]
    public void Utf8_that_was_read_in_another_encoding_is_noticed(string text, string? found)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("rows.jsonl");
        DatasetFile.Write(path, [new Demonstration(new Prompt.Text("a"), text), new Demonstration(new Prompt.Text("a"), "b")]);
        var notes = DatasetFile.Read<Demonstration>(path).Notes;
        Assert.Equal(found is null ? 0 : 1, notes.Length);
        Assert.True(
            found is null
                || notes[0]
                    .StartsWith(
                        $"1 rows hold what looks like UTF-8 that was read in another encoding, such as {found}",
                        StringComparison.Ordinal
                    )
        );
    }
}
