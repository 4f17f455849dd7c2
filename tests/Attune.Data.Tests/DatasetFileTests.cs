using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Testing;

namespace Attune.Data.Tests;

public sealed class DatasetFileTests
{
    [Fact]
    public void Preferences_survive_writing_and_reading()
    {
        using var folder = new TemporaryFolder();
        Preference[] pairs =
        [
            new(new Prompt.Text("  e\u0301 😀\r\nx"), " yes", "no\t", 0.5) { Annotator = "ada" },
            new(new Prompt.Chat([new Message(Role.System, "be kind"), new Message(Role.User, "hi")]), "hello", "go"),
        ];
        foreach (var name in new[] { "a.jsonl", "a.json", "a.jsonl.gz" })
        {
            DatasetFile.Write(folder.File(name), pairs);
            Assert.Equal(pairs, DatasetFile.Read<Preference>(folder.File(name)).Items);
        }
    }

    [Fact]
    public void Transcripts_of_hh_share_the_prompt_up_to_the_last_assistant_turn()
    {
        var data = DatasetFile.Read<Preference>(SharedData.Require("preferences/hh-harmless.jsonl.gz"));
        Assert.Equal(1800, data.Items.Length + data.Dropped.Sum(d => d.Count));
        Assert.All(data.Items, p => Assert.EndsWith("\n\nAssistant:", ((Prompt.Text)p.Prompt).Value, StringComparison.Ordinal));
        Assert.Equal(2, data.Dropped.Sum(d => d.Count));
    }

    [Fact]
    public void Errors_name_file_line_and_field_and_the_nearest_field()
    {
        using var folder = new TemporaryFolder();
        var path = folder.WriteText("bad.jsonl", "{\"prompt\":\"a\",\"chosen\":\"b\",\"rejected\":5}\n{\"prompt\":\"a\",\"choosen\":\"b\",\"rejected\":\"c\"}\n");
        var problem = Assert.Throws<DataException>(() => DatasetFile.Read<Preference>(path));
        Assert.Contains("line 1, field \"rejected\": found the number 5; expected a text.", problem.Message, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'chosen'?", problem.Message, StringComparison.Ordinal);
    }
}
