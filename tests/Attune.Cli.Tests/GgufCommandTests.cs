using System.Text.Json;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Models out to GGUF and back by the commands, and chat templates by name.</summary>
public sealed class GgufCommandTests(TinyModel models) : IClassFixture<TinyModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("f32")]
    [InlineData("f16")]
    public void A_model_goes_out_and_comes_back_and_says_the_same(string type)
    {
        Run("model", "export", models.Policy, "--format", "gguf", "--type", type, "--out", "m.gguf").Succeeded();
        Run("model", "import", "m.gguf", "--out", "back").Succeeded();
        Run("model", "export", "back", "--format", "gguf", "--type", type, "--out", "again.gguf").Succeeded();
        Run("model", "import", "again.gguf", "--out", "twice").Succeeded();
        Assert.Equal(Said("back"), Said("twice"));
        if (type == "f32")
        {
            Assert.Equal(Said(models.Policy), Said("back"));
        }
    }

    [Fact]
    public void A_damaged_file_is_refused_and_leaves_nothing()
    {
        Run("model", "export", models.Policy, "--format", "gguf", "--out", "m.gguf").Succeeded();
        var bytes = File.ReadAllBytes(_folder.File("m.gguf"));
        File.WriteAllBytes(_folder.File("cut.gguf"), bytes[..^40]);
        Run("model", "import", "cut.gguf", "--out", "new").Refused("cut.gguf", "it is cut short");
        Assert.False(Directory.Exists(_folder.File("new")));
        File.WriteAllBytes(_folder.File("text.gguf"), "not a model"u8.ToArray());
        Run("model", "import", "text.gguf", "--out", "new").Refused("text.gguf is not a GGUF file");
        Run("model", "import", "m.gguf", "--tokenizer", "tok.bin", "--out", "new").Refused("a GGUF file has its own tokenizer");
        Run("model", "import", "m.gguf", "--out", ".").Refused("is not empty");
    }

    [Fact]
    public void A_template_by_name_is_for_models_that_have_none()
    {
        Run("generate", "--model", models.Policy, "--chat", "--template", "lama3", "--prompt", "x")
            .Refused("no chat template is called 'lama3'. Did you mean 'llama3'? There are chatml, llama2, llama3, plain.");
        Run("generate", "--model", models.Policy, "--template", "plain", "--prompt", "x")
            .Refused("--template is for conversations: give --chat too.");
        Assert.NotEqual(Said(models.Policy, "--chat"), Said(models.Policy, "--chat", "--template", "plain"));

        _folder.WriteText(
            "talk.jsonl",
            string.Concat(
                Enumerable
                    .Range(0, 12)
                    .Select(i =>
                        $$"""{"messages": [{"role": "user", "content": "{{i}}?"}, """
                        + """{"role": "assistant", "content": "a"}, """
                        + """{"role": "user", "content": "b"}, {"role": "assistant", "content": "c"}]}"""
                        + "\n"
                    )
            )
        );
        string[] sft = ["sft", "--model", models.Policy, "--data", "talk.jsonl", "--max-length", "64"];
        Run([.. sft, "--template", "mine"])
            .Refused("sft.template: no chat template is called 'mine'.", "There are chatml, llama2, llama3, plain.");
        Run([.. sft, "--assistant-only-loss", "false", "--assistant-turns", "last"])
            .Refused("sft.assistant_turns is last, but with assistant_only_loss: false");
        Run([.. sft, "--template", "plain", "--epochs", "1", "--out", "tuned"]).Succeeded();
        Assert.Contains("Human: ", File.ReadAllText(_folder.File("tuned/final/chat_template.jinja")), StringComparison.Ordinal);
        Assert.Equal(Said("tuned/final", "--chat"), Said("tuned/final", "--chat", "--template", "plain"));
        Run("generate", "--model", "tuned/final", "--chat", "--template", "chatml", "--prompt", "x")
            .Refused("'chatml' is asked for, but the model has its own");

        Run([.. sft, "--template", "plain", "--assistant-only-loss", "false", "--epochs", "1", "--out", "whole"]).Succeeded();
        Assert.Equal(2 * Examples("whole"), Examples("tuned"));
        _folder.WriteText(
            "plain.jsonl",
            string.Concat(Enumerable.Range(0, 12).Select(i => $$"""{"prompt": "{{i}}", "completion": " a"}""" + "\n"))
        );
        Run("sft", "--model", models.Policy, "--data", "plain.jsonl", "--assistant-only-loss", "false")
            .Refused("sft.assistant_only_loss is false, but plain.jsonl has no conversations");
    }

    [Fact]
    public void A_model_without_a_template_learns_chatml_and_keeps_it()
    {
        WriteTalk();
        const string Note = "has no chat template: conversations are written in ChatML";
        var said = Run("sft", "--model", models.Policy, "--data", "talk.jsonl", "--max-length", "64", "--epochs", "1", "--out", "run")
            .Succeeded();
        var all = (said.Output + said.Errors).ReplaceLineEndings(" ");
        Assert.Equal(2, all.Split("has no chat template").Length);
        Assert.Contains("<|im_start|>", File.ReadAllText(_folder.File("run/final/chat_template.jinja")), StringComparison.Ordinal);
        Assert.Equal(Said("run/final", "--chat"), Said("run/final", "--chat", "--template", "chatml"));
        Assert.DoesNotContain(Note, Run("sft", "--model", "run/final", "--data", "talk.jsonl", "--out", "again").Succeeded().Errors);

        _folder.WriteText(
            "plain.jsonl",
            string.Concat(Enumerable.Range(0, 12).Select(i => $$"""{"prompt": "{{i}}", "completion": " a"}""" + "\n"))
        );
        Run("sft", "--model", models.Policy, "--data", "plain.jsonl", "--epochs", "1", "--out", "text").Succeeded();
        Assert.False(File.Exists(_folder.File("text/final/chat_template.jinja")));
    }

    [Fact]
    public void A_template_of_ones_own_is_a_file_and_stays_with_the_model()
    {
        WriteTalk();
        _folder.WriteText(
            "mine.jinja",
            "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}\n{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
        );
        _folder.WriteText("bad.jinja", "{% for m in messages %}\n{{ m['content' }}\n{% endfor %}");
        _folder.WriteText("words.jinja", "no template at all");
        string[] sft = ["sft", "--model", models.Policy, "--data", "talk.jsonl", "--max-length", "64", "--epochs", "1"];
        Run([.. sft, "--template", "bad.jinja"]).Refused("sft.template: bad.jinja: the chat template cannot be used: line 2");
        Run([.. sft, "--template", "none.jinja"]).Refused("sft.template: the chat template 'none.jinja' does not exist");
        Run([.. sft, "--template", "words.jinja"]).Refused("the chat template words.jinja writes no message");
        Run("generate", "--model", models.Policy, "--chat", "--template", "bad.jinja", "--prompt", "x").Refused("bad.jinja", "line 2");

        Run([.. sft, "--template", "mine.jinja", "--out", "own"]).Succeeded();
        Assert.Equal(File.ReadAllText(_folder.File("mine.jinja")), File.ReadAllText(_folder.File("own/final/chat_template.jinja")));
        var tokens = Run("tokenize", "--model", models.Policy, "--template", "mine.jinja", "--file", "talk.jsonl", "--json")
            .Succeeded()
            .Output;
        Assert.Equal(tokens, Run("tokenize", "--model", "own/final", "--file", "talk.jsonl", "--json").Succeeded().Output);
        Assert.StartsWith("<user>0?", JsonDocument.Parse(tokens.Split('\n')[0]).RootElement.GetProperty("text").GetString());

        // A file takes the place of a template that the model has, and says so.
        _folder.WriteText("other.jinja", "{% for m in messages %}[{{ m['content'] }}]{% endfor %}");
        var replaced = Run(["sft", "--model", "own/final", .. sft[3..], "--template", "other.jinja", "--out", "other"]).Succeeded();
        Assert.Contains(
            "takes the place of the model's own",
            (replaced.Output + replaced.Errors).ReplaceLineEndings(" "),
            StringComparison.Ordinal
        );
    }

    private void WriteTalk() =>
        _folder.WriteText(
            "talk.jsonl",
            string.Concat(
                Enumerable
                    .Range(0, 12)
                    .Select(i =>
                        $$"""{"messages": [{"role": "user", "content": "{{i}}?"}, {"role": "assistant", "content": "a"}]}""" + "\n"
                    )
            )
        );

    private int Examples(string run) =>
        JsonDocument
            .Parse(File.ReadAllText(_folder.File(run + "/result.json")))
            .RootElement.GetProperty("stages")[0]
            .GetProperty("metrics")
            .GetProperty("examples")
            .GetInt32();

    private string Said(string model, params string[] options) =>
        Run(["generate", "--model", model, "--prompt", "The film", "--greedy", "--max-tokens", "12", "--json", .. options])
            .Succeeded()
            .Output;

    private Outcome Run(params string[] arguments) => AttuneProgram.Run(_folder.Path, arguments);
}
