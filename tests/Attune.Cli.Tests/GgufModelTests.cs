using System.Text;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>A GGUF file in the place of a model folder: in commands, in training, in recipes.</summary>
public sealed class GgufModelTests(TinyGguf model) : IClassFixture<TinyGguf>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_says_what_the_folder_imported_from_it_says()
    {
        Run("model", "import", model.File, "--out", "imported").Succeeded();
        foreach (var command in new[] { "generate", "chat" })
        {
            string[] options = command == "chat" ? ["--chat"] : [];
            string Said(string place) =>
                Run(["generate", "--model", place, "--prompt", "The film 12", "--greedy", "--max-tokens", "8", "--json", .. options])
                    .Succeeded()
                    .Output;
            Assert.Equal(Said("imported"), Said(model.File));
        }

        _folder.WriteText("lines.txt", "The film was good.\nIt ran  120 minutes.\n");
        string Scored(string place) => Run("evaluate", "--model", place, "--text", "lines.txt", "--json").Succeeded().Output;
        Assert.Equal(Scored("imported"), Scored(model.File));
        Run("model", "info", model.File).Succeeded("llama", "2 x 64", "4 (2)", "320", "tied to the embedding", "the model's own");
        Assert.Equal([_folder.File("imported"), _folder.File("lines.txt")], Directory.GetFileSystemEntries(_folder.Path).Order());
    }

    [Fact]
    public void Training_keeps_the_tokenizer_and_the_template()
    {
        Conversations();
        Run(["sft", "--model", model.File, "--out", "run", "--data", "talk.jsonl", .. Short]).Succeeded();
        Assert.Equal(TinyGguf.ChatTemplate, File.ReadAllText(_folder.File("run/final/chat_template.jinja")));
        string Tokens(string place) => Run("tokenize", "--model", place, "--text", "It ran  120 minutes.", "--json").Succeeded().Output;
        Assert.Equal(Tokens(model.File), Tokens("run/final"));
        Run("model", "export", "run/final", "--format", "gguf", "--out", "again.gguf").Succeeded();
        Assert.Equal(Tokens(model.File), Tokens("again.gguf"));
    }

    [Fact]
    public void An_adapter_names_the_file_as_its_base()
    {
        Conversations();
        Run(["sft", "--model", model.File, "--out", "run", "--data", "talk.jsonl", "--lora-r", "2", "--lora-base", "nf4", .. Short])
            .Succeeded();
        Assert.Contains(model.File, File.ReadAllText(_folder.File("run/final/adapter_config.json")), StringComparison.Ordinal);
        Run("generate", "--model", "run/final", "--prompt", "Film", "--max-tokens", "4").Succeeded();
        Run("sft", "--model", model.File, "--out", "no", "--data", "talk.jsonl", "--lora-base", "nf4")
            .Refused("lora.base is nf4", "lora.r");
    }

    [Fact]
    public void The_files_own_blocks_decode_and_carry_an_adapter()
    {
        string Said(params string[] options) =>
            Run(["generate", "--model", model.File, "--prompt", "The film", "--greedy", "--max-tokens", "8", "--json", .. options])
                .Succeeded()
                .Output;
        Assert.Equal(Said(), Said("--type", "file"));
        Run("generate", "--model", "embedded", "--prompt", "x", "--type", "file").Refused("--type file", "Give a GGUF file");
        Conversations();
        string[] adapter = ["sft", "--data", "talk.jsonl", "--lora-r", "2", "--lora-base", "file", .. Short];
        Run([.. adapter, "--model", model.File, "--out", "run"]).Succeeded();
        Run("generate", "--model", "run/final", "--prompt", "Film", "--max-tokens", "4").Succeeded();
        Run([.. adapter, "--model", "embedded", "--out", "no"]).Refused("not a GGUF file", "lora.base");
        Run("sft", "--model", model.File, "--out", "no", "--data", "talk.jsonl", "--lora-base", "file")
            .Refused("lora.base is file", "quantised weights cannot be trained");
    }

    [Fact]
    public void Recipes_and_references_take_a_file()
    {
        var pairs = new StringBuilder();
        for (var i = 0; i < 8; i++)
        {
            pairs.AppendLine($$"""{"prompt": "Film {{i}}", "chosen": " good", "rejected": " bad"}""");
        }

        _folder.WriteText("pairs.jsonl", pairs.ToString());
        _folder.WriteText(
            "recipe.yaml",
            $$"""
            name: tiny
            model: {{model.File}}
            stages:
              - dpo: {data: pairs.jsonl, ref_model: {{model.File}}, epochs: 1, batch_size: 4, evaluation_prompts: 0}
            """
        );
        Run("run", "recipe.yaml", "--out", "run").Succeeded();
        Assert.True(File.Exists(_folder.File("run/final/model.safetensors")));
    }

    [Fact]
    public void Files_that_are_wrong_are_refused_with_one_message()
    {
        var bytes = File.ReadAllBytes(model.File);
        File.WriteAllBytes(_folder.File("cut.gguf"), bytes[..^100]);
        Generate("cut.gguf").Refused("cut.gguf", "it is cut short");
        var unread = (byte[])bytes.Clone();
        // The type stands behind the name, the number of sides and the two sides.
        unread[unread.AsSpan().IndexOf("blk.0.attn_q.weight"u8) + 19 + 4 + 16] = 16;
        File.WriteAllBytes(_folder.File("iq2.gguf"), unread);
        Generate("iq2.gguf").Refused("'blk.0.attn_q.weight' is of ggml's type IQ2_XXS", "supported are F32, F16");
        var larger = (byte[])bytes.Clone();
        larger[larger.AsSpan().IndexOf("token_embd.weight"u8) + 17 + 4 + 8] -= 1;
        File.WriteAllBytes(_folder.File("vocabulary.gguf"), larger);
        Generate("vocabulary.gguf").Refused("tokenizer.ggml.tokens", "does not have 319 values, one for each row of token_embd.weight");
        File.WriteAllBytes(_folder.File("text.gguf"), "not a model"u8.ToArray());
        Generate("text.gguf").Refused("text.gguf is a file, and not a GGUF file");
        Generate("absent.gguf").Refused("absent.gguf is not a folder");
        _folder.WriteText("prompts.jsonl", """{"prompt": "Film"}""" + "\n");
        Run("ppo", "--model", model.File, "--prompts", "prompts.jsonl", "--reward-model", model.File, "--out", "no")
            .Refused(model.File, "reward model");
        Assert.False(Directory.Exists(_folder.File("no/final")));
    }

    private static readonly string[] Short = ["--max-length", "64", "--epochs", "1"];

    private void Conversations() =>
        _folder.WriteText(
            "talk.jsonl",
            string.Concat(
                Enumerable
                    .Range(0, 8)
                    .Select(i =>
                        $$"""{"messages": [{"role": "user", "content": "{{i}}?"}, {"role": "assistant", "content": "a good film"}]}"""
                        + "\n"
                    )
            )
        );

    private Outcome Generate(string file) => Run("generate", "--model", file, "--prompt", "x", "--max-tokens", "2");

    private Outcome Run(params string[] arguments) => AttuneProgram.Run(_folder.Path, arguments);
}
