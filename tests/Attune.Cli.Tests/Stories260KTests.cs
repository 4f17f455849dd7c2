using System.Text.Json;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>A real trained model through the commands, against a forward pass computed in 64 bits elsewhere.</summary>
public sealed class Stories260KTests : IDisposable
{
    private const double Tolerance = 1e-4;

    // <0x0A>: three special tokens stand before the bytes.
    private const int LineBreak = 13;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Golden_evaluate_gives_tokens_and_log_probabilities()
    {
        Import().Succeeded();
        // The command judges lines; the first line of a text is where the text's own numbers begin.
        var texts = Golden().GetProperty("texts").EnumerateArray().ToArray();
        Assert.Equal(9, texts.Length);
        _folder.WriteText("lines.txt", string.Join('\n', texts.Select(t => t.GetProperty("text").GetString()!.Split('\n')[0])) + "\n");
        var lines = Run("evaluate", "--model", "model", "--text", "lines.txt", "--json")
            .Succeeded()
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(texts.Length, lines.Length);
        for (var i = 0; i < texts.Length; i++)
        {
            var line = JsonDocument.Parse(lines[i]).RootElement;
            Assert.Equal(["line", "tokens", "nll_sum", "nll_mean", "token_ids", "log_probs"], line.EnumerateObject().Select(p => p.Name));
            Assert.Equal(i + 1, line.GetProperty("line").GetInt32());
            int[] tokens =
            [
                .. texts[i].GetProperty("tokens").EnumerateArray().Skip(1).Select(t => t.GetInt32()).TakeWhile(t => t != LineBreak),
            ];
            Assert.Equal(tokens, line.GetProperty("token_ids").EnumerateArray().Select(t => t.GetInt32()));
            double[] expected = [.. texts[i].GetProperty("token_logprobs").EnumerateArray().Select(p => p.GetDouble()).Take(tokens.Length)];
            var actual = line.GetProperty("log_probs").EnumerateArray().Select(p => p.GetDouble()).ToArray();
            Assert.Equal(expected.Length, actual.Length);
            Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
            Assert.Equal(-expected.Sum(), line.GetProperty("nll_sum").GetDouble(), Tolerance * expected.Length);
            Assert.Equal(line.GetProperty("nll_sum").GetDouble() / expected.Length, line.GetProperty("nll_mean").GetDouble(), 1e-9);
            Assert.Equal(expected.Length, line.GetProperty("tokens").GetInt32());
        }
    }

    [Fact]
    public void A_question_is_written_in_the_models_own_template()
    {
        Import().Succeeded();
        // The template writes exactly a text that the model goes on from, so both give the same tokens.
        _folder.WriteText(
            "model/chat_template.jinja",
            "{{ bos_token }}{% for m in messages %}{{ m.content }}{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
        );
        string Tokens(params string[] options) =>
            JsonDocument
                .Parse(Run(["generate", "--model", "model", "--greedy", "--max-tokens", "20", "--json", .. options]).Succeeded().Output)
                .RootElement.GetProperty("tokens")
                .GetRawText();
        Assert.Equal(Tokens("--prompt", "Once upon a time"), Tokens("--chat", "--prompt", " a time", "--system", "Once upon"));
        Run("generate", "--model", "model", "--system", "x").Refused("--system is for conversations");
    }

    [Fact]
    public void Golden_generate_writes_the_greedy_story()
    {
        var story = File.ReadAllText(SharedData.Require("golden/stories260K_greedy_text.txt"));
        Import().Succeeded();
        var plain = Run("generate", "--model", "model", "--greedy", "--max-tokens", "255").Succeeded().Output;
        // The story goes on for a character after the 255 tokens whose ids are known.
        Assert.StartsWith(plain.TrimEnd(), story, StringComparison.Ordinal);
        Assert.InRange(plain.TrimEnd().Length, story.TrimEnd().Length - 1, story.Length);

        var json = JsonDocument
            .Parse(Run("generate", "--model", "model", "--greedy", "--max-tokens", "255", "--json").Succeeded().Output)
            .RootElement;
        Assert.Equal(["text", "tokens", "log_probs", "stop"], json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(plain.TrimEnd(), json.GetProperty("text").GetString()!.TrimEnd());
        Assert.Equal(
            Golden().GetProperty("greedy_tokens_from_BOS").EnumerateArray().Select(t => t.GetInt32()),
            json.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())
        );
        Assert.Equal(255, json.GetProperty("log_probs").GetArrayLength());
        Assert.Equal("Length", json.GetProperty("stop").GetString());
    }

    [Fact]
    public void Continuations_depend_on_the_seed_alone()
    {
        Import().Succeeded();
        string[] command = ["generate", "--model", "model", "--prompt", "One day", "--max-tokens", "12", "--count", "3", "--json"];
        var first = Run([.. command, "--seed", "5"]).Succeeded().Output;
        Assert.Equal(3, first.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().Count());
        Assert.Equal(first, Run([.. command, "--seed", "5"]).Succeeded().Output);
        Assert.NotEqual(first, Run([.. command, "--seed", "6"]).Succeeded().Output);
    }

    [Fact]
    public void Import_refuses_a_folder_that_is_not_empty()
    {
        Directory.CreateDirectory(_folder.File("model"));
        _folder.WriteText("model/notes.txt", "mine");
        Import().Refused("model is not empty");
        Assert.Equal([_folder.File("model/notes.txt")], Directory.GetFileSystemEntries(_folder.File("model")));
    }

    [Fact]
    public void Import_refuses_a_checkpoint_that_is_cut_short()
    {
        File.WriteAllBytes(_folder.File("short.bin"), File.ReadAllBytes(Checkpoint)[..100_000]);
        Run("model", "import", "short.bin", "--tokenizer", Tokenizer, "--out", "model").Refused("short.bin");
        Assert.False(Directory.Exists(_folder.File("model")));
    }

    [Fact]
    public void Import_refuses_a_tokenizer_of_another_size()
    {
        // The first 300 of its 512 tokens.
        var bytes = File.ReadAllBytes(Tokenizer);
        var end = 4;
        for (var i = 0; i < 300; i++)
        {
            end += 8 + BitConverter.ToInt32(bytes, end + 4);
        }

        File.WriteAllBytes(_folder.File("short.bin"), bytes[..end]);
        Run("model", "import", Checkpoint, "--tokenizer", "short.bin", "--out", "model").Refused("short.bin", "300", "512");
        Assert.False(Directory.Exists(_folder.File("model")));
    }

    private static string Checkpoint => SharedData.Require("models/stories260K/stories260K.bin");

    private static string Tokenizer => SharedData.Require("models/stories260K/tok512.bin");

    private static JsonElement Golden()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/stories260K_golden.json")));
        return document.RootElement.Clone();
    }

    private Outcome Import() => Run("model", "import", Checkpoint, "--tokenizer", Tokenizer, "--out", "model");

    private Outcome Run(params string[] arguments) => AttuneProgram.Run(_folder.Path, arguments);
}
