using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Testing;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;

namespace Attune.Text.Tests.Templates;

public sealed class ChatTextTests : IDisposable
{
    private const string Own =
        "{% for m in messages %}{{ '<|turn|>' + m.content + '<|over|>' }}{% endfor %}{% if add_generation_prompt %}<|turn|>{% endif %}";
    private readonly TemporaryFolder _folder = new();

    public ChatTextTests() =>
        BytePairTrainer
            .Train(["the cat sat on the mat"], 290, new SpecialTokens("<s>", "</s>", null) { Others = ["<|over|>", "<|turn|>"] })
            .Save(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_without_a_template_gets_chatml()
    {
        var text = ChatText.Load(_folder.Path);
        Assert.Same(ChatTemplates.ChatMl, text.Template);
        Assert.Empty(text.Warnings);
    }

    [Fact]
    public void The_template_is_found_in_each_of_its_places_and_its_own_file_counts_first()
    {
        Configure(config => config["chat_template"] = "from config {{ messages[0].content }} {{ eos_token }}");
        Assert.StartsWith("from config hi </s>", Render(), StringComparison.Ordinal);
        Configure(config =>
            config["chat_template"] = JsonNode.Parse(
                """[{"name": "tool_use", "template": "no"}, {"name": "default", "template": "by name {{ messages[0].content }}"}]"""
            )
        );
        Assert.StartsWith("by name hi", Render(), StringComparison.Ordinal);
        _folder.WriteText("chat_template.jinja", "from file {{ messages[0].content }}");
        Assert.StartsWith("from file hi", Render(), StringComparison.Ordinal);
    }

    [Fact]
    public void Answers_end_where_the_template_ends_a_turn_and_that_is_said()
    {
        _folder.WriteText("chat_template.jinja", Own);
        var text = ChatText.Load(_folder.Path);
        Assert.Equal(TokenizerFiles.Load(_folder.Path).FindSpecial("<|over|>"), text.Tokenizer.EndToken);
        Assert.Contains("answers end with <|over|>", Assert.Single(text.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Saved_and_loaded_it_is_the_same()
    {
        _folder.WriteText("chat_template.jinja", Own);
        using var copy = new TemporaryFolder();
        ChatText.Load(_folder.Path).Save(copy.Path);
        Assert.All(
            Directory.GetFiles(_folder.Path),
            f => Assert.Equal(File.ReadAllText(f), File.ReadAllText(copy.File(Path.GetFileName(f))))
        );
    }

    [Fact]
    public void A_damaged_template_is_named() =>
        Assert.Contains(
            "chat_template.jinja: the chat template cannot be used: line 1:",
            Assert
                .Throws<ModelFileException>(() =>
                {
                    _folder.WriteText("chat_template.jinja", "{% if %}");
                    ChatText.Load(_folder.Path);
                })
                .Message,
            StringComparison.Ordinal
        );

    private string Render() =>
        ChatText.Load(_folder.Path).Template.Render([new(Core.Conversations.Role.User, "hi")], TemplateEnding.Closed);

    private void Configure(Action<JsonNode> change)
    {
        var path = _folder.File("tokenizer_config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        change(config);
        File.WriteAllText(path, config.ToJsonString());
    }
}
