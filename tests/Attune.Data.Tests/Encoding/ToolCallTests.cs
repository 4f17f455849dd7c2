using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Encoding;
using Attune.Data.Formats;
using Attune.Testing;
using Attune.Text.Templates;

namespace Attune.Data.Tests.Encoding;

/// <summary>
/// Rows with tools, rendered as transformers 5.12 renders them (<c>apply_chat_template</c> with <c>tools</c>): <c>tools.json</c> has
/// templates written here in the ways in which families say tools, conversations, and what transformers wrote; null where it refuses.
/// </summary>
public sealed class ToolCallTests : IDisposable
{
    private static readonly string[] Special =
    [
        "<s>",
        "</s>",
        "<|im_start|>",
        "<|im_end|>",
        "<|eot_id|>",
        "<|eom_id|>",
        "<|start_header_id|>",
        "<|end_header_id|>",
        "[INST]",
        "[/INST]",
        "[TOOL_CALLS]",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Conversations_with_tools_read_as_transformers_renders_them()
    {
        var file = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder(), "tools.json")))!;
        var wrong = new List<string>();
        var learned = 0;
        foreach (var one in file["cases"]!.AsArray())
        {
            var (name, conversation) = ((string)one!["template"]!, (string)one["conversation"]!);
            var template = Template((string)file["templates"]![name]!);
            var item = Assert.Single(Read(file["conversations"]![conversation]!).Items);
            var chat = (Prompt.Chat)item.Prompt;
            Check("prompt", () => Text(template.Parts(chat, TemplateEnding.OpenForAnswer)), (string?)one["open"]);
            var whole = chat with { Messages = chat.Messages.Add(item.Reply ?? new Message(Role.Assistant, item.Answer)) };
            Check("whole", () => Text(template.Parts(whole, TemplateEnding.Closed)), (string?)one["closed"]);
            if (item.Reply is { } reply && (string?)one["open"] is { } open && (string?)one["closed"] is { } closed)
            {
                var said = Rendered(() => Text(template.Reply(chat, reply)));
                // What is learned stands behind the prompt, up to the end of the turn, or the row is left out.
                learned += said is null ? 0 : 1;
                if (
                    said is not null
                    && (!closed.StartsWith(open + said, StringComparison.Ordinal) || closed[(open + said).Length..].Trim() != "")
                )
                {
                    wrong.Add($"{name}, {conversation}: learns {said}\nof {closed}");
                }
            }

            void Check(string what, Func<string> render, string? expected)
            {
                if (Rendered(render) is var written && written != expected)
                {
                    wrong.Add($"{name}, {conversation}, {what}: wrote\n{written}\ntransformers wrote\n{expected}");
                }
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong:\n" + string.Join("\n\n", wrong.Take(5)));
        Assert.True(learned > 0);
    }

    /// <summary>transformers writes an empty turn, or fails; a row of which a part would be lost is left out, and says why.</summary>
    [Theory]
    [InlineData("{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>\n{% endfor %}", "one call", "no words for calls")]
    [InlineData("{% for m in messages %}{{ '<|im_start|>' + m.content + '<|im_end|>' }}{% endfor %}", "null content", "cannot write")]
    public void Calls_that_a_template_does_not_write_are_a_reason_to_leave_the_row_out(string source, string conversation, string reason)
    {
        var file = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder(), "tools.json")))!;
        var chat = (Prompt.Chat)Assert.Single(Read(file["conversations"]![conversation]!).Items).Prompt;
        var problem = Assert.Throws<DataException>(() => Template(source).Parts(chat, TemplateEnding.OpenForAnswer));
        Assert.Contains(reason, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_call_is_learned_after_the_turns_before_it()
    {
        var conversation = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder(), "tools.json")))!["conversations"]!["one call"]!;
        var replies = Replies.Of(Read(conversation).Items, AssistantTurns.All);
        Assert.Equal([1, 3], replies.Select(r => ((Prompt.Chat)r.Prompt).Messages.Length));
        Assert.NotNull(replies[0].Reply);
        Assert.Null(replies[1].Reply);
        Assert.All(replies, r => Assert.Contains("get_weather", ((Prompt.Chat)r.Prompt).Tools, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"role": "assistant", "content": "", "tool_calls": [{"id": 1}]}""", "a call of a tool is not of the form")]
    [InlineData("""{"role": "user", "content": "x", "tool_calls": [{"name": "f", "arguments": {}}]}""", "somebody else than the assistant")]
    [InlineData("""{"role": "assistant", "content": "", "function_call": {"name": "f", "arguments": "{}"}}""", "a message calls a tool")]
    public void Other_forms_are_left_out_by_name(string message, string reason)
    {
        var messages = new JsonArray(JsonNode.Parse("""{"role": "user", "content": "a"}"""), JsonNode.Parse(message));
        if ((string)messages[1]!["role"]! == "user")
        {
            messages.Add(JsonNode.Parse("""{"role": "assistant", "content": "b"}"""));
        }

        var data = Read(new JsonObject { ["messages"] = messages });
        Assert.Empty(data.Items);
        Assert.Contains(reason, Assert.Single(data.Dropped).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Tools_may_be_JSON_text_and_rows_survive_being_written()
    {
        var tools = """[{"type": "function", "function": {"name": "f", "parameters": {}}}]""";
        var conversation = new JsonObject
        {
            ["messages"] = JsonNode.Parse(
                """
                [{"role": "user", "content": "a"},
                 {"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": {"x": "é", "y": null}}}]}]
                """
            ),
            ["tools"] = tools,
        };
        var item = Assert.Single(Read(conversation).Items);
        Assert.Equal(JsonNode.Parse(tools)!.ToJsonString(), ((Prompt.Chat)item.Prompt).Tools);
        DatasetFile.Write(_folder.File("again.jsonl"), [item]);
        Assert.Equal(item, Assert.Single(DatasetFile.Read<Demonstration>(_folder.File("again.jsonl")).Items));
    }

    [Fact]
    public void Prompts_alone_do_not_read_calls()
    {
        var conversation = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder(), "tools.json")))!["conversations"]!["one call"]!;
        var prompt = new JsonObject { ["prompt"] = conversation["messages"]!.DeepClone() };
        _folder.WriteText("rows.jsonl", prompt.ToJsonString() + "\n");
        Assert.Contains(
            "read in messages that sft learns",
            Assert.Single(DatasetFile.Read<Prompt>(_folder.File("rows.jsonl")).Dropped).ToString(),
            StringComparison.Ordinal
        );
    }

    private LoadedData<Demonstration> Read(JsonNode row)
    {
        _folder.WriteText("rows.jsonl", row.ToJsonString() + "\n");
        return DatasetFile.Read<Demonstration>(_folder.File("rows.jsonl"));
    }

    private static JinjaTemplate Template(string source) => new(source, "tools.jinja", new TemplateTokens([.. Special], "<s>", "</s>"));

    private static string Text(ImmutableArray<TemplatePart> parts) => string.Concat(parts.Select(p => p.Text));

    private static string? Rendered(Func<string> render)
    {
        try
        {
            return render();
        }
        catch (AttuneException)
        {
            return null;
        }
    }

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
