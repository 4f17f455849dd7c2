using System.Text.Json;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary><c>attune tokenize</c> and <c>attune evaluate --per-token</c>, on tiny models and on a real one.</summary>
public sealed class TokenizeTests(TinyGguf model, TinyModel models) : IClassFixture<TinyGguf>, IClassFixture<TinyModel>, IDisposable
{
    private const string SmolLm2 = "models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_text_is_shown_token_by_token()
    {
        var line = Lines("tokenize", "--model", model.File, "--text", "A 12\u00e9<|im_end|>", "--json").Single();
        Assert.Equal(["ids", "pieces", "offsets", "special", "text"], line.EnumerateObject().Select(p => p.Name));
        Assert.Equal("A 12\u00e9<|im_end|>", line.GetProperty("text").GetString());
        string[] pieces = [.. line.GetProperty("pieces").EnumerateArray().Select(p => p.GetString()!)];
        Assert.Equal(["A", "\u0120", "1", "2", "\u00c3", "\u00a9"], pieces[..6]);
        int[] offsets = [.. line.GetProperty("offsets").EnumerateArray().SelectMany(o => o.EnumerateArray()).Select(o => o.GetInt32())];
        Assert.Equal([0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 4, 5], offsets[..12]);
        Assert.All(line.GetProperty("special").EnumerateArray(), s => Assert.False(s.GetBoolean()));

        var special = Lines("tokenize", "--model", model.File, "--text", "A<|im_end|>", "--special-spellings", "--json").Single();
        Assert.Equal([false, true], special.GetProperty("special").EnumerateArray().Select(s => s.GetBoolean()));
        Run("tokenize", "--model", model.File, "--text", "A\nb").Succeeded("\\n", "tokens");
    }

    [Fact]
    public void A_conversation_shows_what_training_learns()
    {
        _folder.WriteText(
            "chats.jsonl",
            """
            {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "A film"}, {"role": "user", "content": "A"}]}
            {"messages": [{"role": "user", "content": "Hi"}], "add_generation_prompt": true}
            {"text": "Hi"}
            """
        );
        var rows = Lines("tokenize", "--model", model.File, "--file", "chats.jsonl", "--json");
        var text = rows[0].GetProperty("text").GetString()!;
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nA film<|im_end|>\n<|im_start|>user\nA<|im_end|>\n", text);
        bool[] learned = [.. rows[0].GetProperty("learned").EnumerateArray().Select(l => l.GetBoolean())];
        int[][] offsets =
        [
            .. rows[0].GetProperty("offsets").EnumerateArray().Select(o => o.EnumerateArray().Select(e => e.GetInt32()).ToArray()),
        ];
        Assert.Equal(learned.Length, offsets.Length);
        Assert.Equal("A film<|im_end|>", string.Concat(offsets.Where((_, i) => learned[i]).Select(o => text[o[0]..o[1]])));
        Assert.EndsWith("<|im_start|>assistant\n", rows[1].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.All(rows[1].GetProperty("learned").EnumerateArray(), l => Assert.False(l.GetBoolean()));
        Assert.False(rows[2].TryGetProperty("learned", out _));
        Run("tokenize", "--model", model.File, "--file", "chats.jsonl").Succeeded("of which training learns");
    }

    [Fact]
    public void Two_tokenizers_are_compared_over_rows_or_built_in_texts()
    {
        WriteWords("one", """{"a": 0, "b": 1, "</s>": 2}""");
        WriteWords("two", """{"a": 0, "b": 3, "</s>": 2, "c": 1}""");
        _folder.WriteText("rows.jsonl", """{"text": "a a b"}""" + "\n" + """{"text": "a a"}""" + "\n");
        string[] compare = ["tokenize", "--model", "one", "--against", "two/tokenizer.json"];
        Run([.. compare, "--file", "rows.jsonl"])
            .Succeeded("ids: 3, against 4", "2 texts: 1 have the same ids, 1 differ", "line 1: a a b", "from token 3", "1:b", "3:b");
        var rows = Lines([.. compare, "--file", "rows.jsonl", "--json"]);
        Assert.Equal([false, true], rows.Select(r => r.GetProperty("same").GetBoolean()));
        Assert.Equal([0, 0, 3], rows[0].GetProperty("against").GetProperty("ids").EnumerateArray().Select(i => i.GetInt32()));
        Assert.Equal(["a", "a", "b"], rows[0].GetProperty("model").GetProperty("pieces").EnumerateArray().Select(i => i.GetString()!));
        Run("tokenize", "--model", model.File, "--against", model.File).Succeeded("have the same ids, 0 differ");
        Run("tokenize", "--model", "one", "--against", "absent.model").Refused("absent.model");
    }

    [Fact]
    public void What_a_tokenizer_holds_and_is_not_done_is_said()
    {
        WriteWords("one", """{"a": 0, "b": 1, "</s>": 2}""", """ "truncation": {"max_length": 7}, "colour": 1, """);
        var notes = Run("tokenize", "--model", "one", "--text", "a b").Succeeded("2 tokens").Errors.ReplaceLineEndings(" ");
        Assert.Contains("truncation to 7 tokens", notes, StringComparison.Ordinal);
        Assert.Contains("has a key 'colour'", notes, StringComparison.Ordinal);
    }

    private void WriteWords(string folder, string vocabulary, string more = "")
    {
        Directory.CreateDirectory(_folder.File(folder));
        _folder.WriteText(
            folder + "/tokenizer.json",
            $$$"""
            {{{{more}}} "added_tokens": [{"id": 2, "content": "</s>", "special": true}], "pre_tokenizer": {"type": "WhitespaceSplit"},
             "model": {"type": "WordLevel", "vocab": {{{vocabulary}}}, "unk_token": null}}
            """
        );
    }

    [Fact]
    public void Rows_that_are_wrong_are_named()
    {
        _folder.WriteText("rows.jsonl", """{"txt": "a"}""" + "\n" + """{"text": 3}""" + "\n" + """{"text": "a", "messages": []}""" + "\n");
        Run("tokenize", "--model", model.File, "--file", "rows.jsonl")
            .Refused("rows.jsonl has", "line 1", "Did you mean 'text'?", "line 2, field \"text\": found", "line 3");
        Run("tokenize", "--model", model.File).Refused("give --text or --file, one of the two.");
        Run("evaluate", "--model", model.File, "--text", "rows.jsonl", "--per-token").Refused("give --json too");
        _folder.WriteText("ids.jsonl", """{"ids": [5, 999]}""" + "\n");
        Run("evaluate", "--model", model.File, "--text", "ids.jsonl", "--per-token", "--json")
            .Refused("ids.jsonl, line 1: the id 999 is not in the model's vocabulary; expected 0 to 319.");
    }

    [Fact]
    public void Each_tokens_probability_needs_no_tokenizer_where_ids_are_given()
    {
        var bare = models.CopyPolicy(_folder.File("bare"));
        foreach (
            var file in Directory
                .GetFiles(bare)
                .Where(f => Path.GetExtension(f) is not ".safetensors" && Path.GetFileName(f) != "config.json")
        )
        {
            File.Delete(file);
        }

        _folder.WriteText("rows.jsonl", """{"text": "The film was good."}""" + "\n");
        var whole = Lines("evaluate", "--model", models.Policy, "--text", "rows.jsonl", "--per-token", "--json").Single();
        Assert.Equal(["ids", "log_probs"], whole.EnumerateObject().Select(p => p.Name));
        _folder.WriteText("ids.jsonl", $$"""{"ids": {{whole.GetProperty("ids").GetRawText()}}}""" + "\n" + """{"ids": [3]}""" + "\n");
        var ids = Lines("evaluate", "--model", "bare", "--text", "ids.jsonl", "--per-token", "--json");
        Assert.Equal(whole.GetRawText(), ids[0].GetRawText());
        Assert.Equal(0, ids[1].GetProperty("log_probs").GetArrayLength());
        _folder.WriteText("lines.txt", "The film was good.\n");
        var line = Lines("evaluate", "--model", models.Policy, "--text", "lines.txt", "--json").Single();
        Assert.Equal(line.GetProperty("log_probs").GetRawText(), ids[0].GetProperty("log_probs").GetRawText());
    }

    [Fact]
    public void Golden_ids_offsets_and_probabilities_come_through_the_commands()
    {
        var file = SharedData.Require(SmolLm2);
        using var tokens = Golden("tokens");
        var texts = tokens.RootElement.GetProperty("texts").EnumerateArray().ToArray();
        _folder.WriteText("texts.jsonl", string.Concat(texts.Select(t => $$"""{"text": {{t.GetProperty("text").GetRawText()}}}""" + "\n")));
        var rows = Lines("tokenize", "--model", file, "--file", "texts.jsonl", "--special-spellings", "--json");
        Assert.Equal(texts.Length, rows.Length);
        for (var i = 0; i < texts.Length; i++)
        {
            Assert.Equal(Numbers(texts[i], "ids"), Numbers(rows[i], "ids"));
            if (texts[i].TryGetProperty("offsets", out _))
            {
                Assert.Equal(
                    Numbers(texts[i], "offsets"),
                    rows[i].GetProperty("offsets").EnumerateArray().SelectMany(o => o.EnumerateArray()).Select(o => o.GetDouble())
                );
            }
        }

        using var logits = Golden("logits");
        var scored = logits.RootElement.GetProperty("texts").EnumerateArray().ToArray();
        _folder.WriteText("ids.jsonl", string.Concat(scored.Select(t => $$"""{"ids": {{t.GetProperty("ids").GetRawText()}}}""" + "\n")));
        var found = Lines("evaluate", "--model", file, "--text", "ids.jsonl", "--per-token", "--json");
        for (var i = 0; i < scored.Length; i++)
        {
            Assert.All(
                Numbers(scored[i], "token_logprobs").Zip(Numbers(found[i], "log_probs")),
                pair => Assert.Equal(pair.First, pair.Second, 1e-4)
            );
            Assert.Equal(Numbers(scored[i], "token_logprobs").Length, Numbers(found[i], "log_probs").Length);
        }
    }

    private static double[] Numbers(JsonElement of, string name) => [.. of.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];

    private static JsonDocument Golden(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(SharedData.Require($"golden/smollm2/{name}.json")));

    private JsonElement[] Lines(params string[] arguments) =>
        [
            .. Run(arguments)
                .Succeeded()
                .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(l => JsonDocument.Parse(l).RootElement),
        ];

    private Outcome Run(params string[] arguments) => AttuneProgram.Run(_folder.Path, arguments);
}
