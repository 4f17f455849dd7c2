using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Testing;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;

namespace Attune.Text.Tests.Tokenizers;

/// <summary>The tokenizer and the template of a GGUF file against the tokenizers library and llama.cpp.</summary>
public sealed class SmolLm2TokenizerTests
{
    private const string Model = "models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";

    [Fact]
    public void Golden_ids_and_decodings_are_the_references()
    {
        var tokenizer = TokenizerFiles.Load(SharedData.Require(Model));
        using var golden = Golden("tokens");
        var texts = golden.RootElement.GetProperty("texts").EnumerateArray().ToArray();
        Assert.NotEmpty(texts);
        foreach (var row in texts)
        {
            var text = row.GetProperty("text").GetString()!;
            var ids = Ids(row, "ids");
            Assert.Equal(ids, SpecialSpellings.Encode(tokenizer, text).Ids);
            var plain = row.TryGetProperty("ids_special_as_text", out _) ? Ids(row, "ids_special_as_text") : ids;
            Assert.Equal(plain, tokenizer.Encode(text));
            Assert.Equal(plain, tokenizer.EncodeWithOffsets(text).Ids);
            Assert.Equal(row.GetProperty("decoded_skip_special").GetString(), tokenizer.Decode(ids));
            Assert.Equal(row.GetProperty("decoded").GetString(), SpecialSpellings.Decode(tokenizer, ids));
        }
    }

    [Fact]
    public void Golden_offsets_are_the_references()
    {
        var tokenizer = TokenizerFiles.Load(SharedData.Require(Model));
        using var golden = Golden("tokens");
        var texts = golden.RootElement.GetProperty("texts").EnumerateArray().Where(t => t.TryGetProperty("offsets", out _)).ToArray();
        Assert.NotEmpty(texts);
        foreach (var row in texts)
        {
            var offsets = SpecialSpellings.Encode(tokenizer, row.GetProperty("text").GetString()!).Offsets;
            Assert.Equal(Ids(row, "offsets"), offsets.SelectMany(o => new[] { o.Start, o.End }));
        }
    }

    [Fact]
    public void Golden_conversations_are_the_references()
    {
        var text = ChatText.Load(SharedData.Require(Model));
        using var golden = Golden("chat");
        var rows = golden.RootElement.GetProperty("conversations").EnumerateArray().ToArray();
        Assert.NotEmpty(rows);
        foreach (var row in rows)
        {
            Message[] messages =
            [
                .. row.GetProperty("messages")
                    .EnumerateArray()
                    .Select(m => new Message(
                        RoleNames.Find(m.GetProperty("role").GetString()!)!.Value,
                        m.GetProperty("content").GetString()!
                    )),
            ];
            var ending = row.GetProperty("add_generation_prompt").GetBoolean() ? TemplateEnding.OpenForAnswer : TemplateEnding.Closed;
            var rendered = text.Template.Render([.. messages], ending);
            Assert.Equal(row.GetProperty("rendered").GetString(), rendered);
            Assert.Equal(Ids(row, "ids"), SpecialSpellings.Encode(text.Tokenizer, rendered).Ids);
        }
    }

    [Fact]
    public void Golden_roles_are_the_files()
    {
        var tokenizer = TokenizerFiles.Load(SharedData.Require(Model));
        Assert.Equal((null, 2, 49152), (tokenizer.BeginToken, tokenizer.EndToken, tokenizer.VocabularySize));
        Assert.Equal((0, 1), (tokenizer.FindSpecial("<|endoftext|>"), tokenizer.FindSpecial("<|im_start|>")));
        // Bytes 04 and f5 have no token.
        Assert.Equal(2, tokenizer.EncodeWithOffsets("a\u0004b\u0006").Lost);
    }

    private static int[] Ids(JsonElement row, string name) => [.. row.GetProperty(name).EnumerateArray().Select(t => t.GetInt32())];

    private static JsonDocument Golden(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(SharedData.Require($"golden/smollm2/{name}.json")));
}
