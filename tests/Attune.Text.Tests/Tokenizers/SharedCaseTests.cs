using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Testing;
using Attune.Text.Gguf;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;

namespace Attune.Text.Tests.Tokenizers;

/// <summary>
/// Inputs that failed once, with the ids that the tokenizers library or sentencepiece gives; the files are others' and lie in ../shared.
/// </summary>
public sealed class SharedCaseTests
{
    [Theory]
    [InlineData("spm-ties", "xxxxxxxxxx", "2086 6503 6503 6503 23375")]
    [InlineData("spm-ties", "a *****", "1032 29473 1333 29504")]
    [InlineData("spm-ties", "--_____", "2707 4758 29498")]
    [InlineData("spm-unigram-bytes", "a\nb", "271 13 289")]
    [InlineData("spm-unigram-bytes", "files.\nNew", "494 260 263 13 424 266 371")]
    [InlineData("spm-one-letter", "1", "58")]
    [InlineData("spm-one-letter", "a", "4")]
    [InlineData("spm-one-letter", "a\nb", "4 25")]
    [InlineData("spm-one-letter", "\uFB01ne", "22 161")]
    [InlineData("added-normalized", "<think>x", "32000 31859")]
    [InlineData("added-normalized", "a <think> b", "260 32000 284")]
    [InlineData("added-normalized", "a<think>b", "260 31903 16043 31901 31842")]
    [InlineData("normalized-added-token-prepend", "a<tool>b", "259 260 289 279 274 274 271 290 261")]
    [InlineData("normalized-added-token-prepend", "he <tool> to", "292 300 297")]
    [InlineData("sentencepiece-added-tokens", "he <tool> to", "292 259 300 259 297")]
    [InlineData("whitespace-pretokenizer-unicode", "\u0939\u093F\u0902\u0926\u0940 \u0915\u093F\u0924\u093E\u092C", "3 4")]
    [InlineData("whitespace-pretokenizer-unicode", "\u24D0b", "13")]
    public void Text_has_the_ids_that_the_reference_gives(string name, string text, string ids) =>
        Assert.Equal(ids, string.Join(' ', Load(name).Encode(text)));

    [Fact]
    public void A_gguf_file_without_a_name_for_its_words_is_cut_as_llama_cpp_cuts_it()
    {
        using var folder = new TemporaryFolder();
        GgufTexts.Write(GgufHeader.Read(SharedData.Require("../cases/gguf-no-pre/ggml-vocab-gpt-neox.gguf")), folder.Path);
        Assert.Equal([10683, 21], TokenizerFiles.Load(folder.Path).Encode("1234"));
    }

    [Fact]
    public void An_added_token_that_is_not_special_is_found_in_a_sentencepiece_text()
    {
        var ids = Load("spm-added").Encode("a <think> b");
        Assert.Single(ids, id => id == 32768);
    }

    [Fact]
    public void Normalisers_change_what_the_library_changes()
    {
        string Read(string part, string text)
        {
            var tokenizer = TokenizerFiles.Load(SharedData.Require($"../cases/normalizers-unicode/{part}"));
            return string.Concat(tokenizer.Encode(text).Select(tokenizer.Spelling));
        }

        Assert.Equal(Read("lowercase", "ai\u0307b"), Read("lowercase", "A\u0130B"));
        Assert.Equal(Read("strip-accents", "\u0939"), Read("strip-accents", "\u0939\u093F"));
        Assert.Equal(Read("bert", "xy"), Read("bert", "x\u0085y"));
    }

    [Theory]
    [InlineData("sentencepiece-added-tokens", "model", "conversation.jsonl", "302 295 303 304")]
    [InlineData("sentencepiece-added-tokens", "model-legacy", "conversation-legacy.jsonl", "302 295 303 304")]
    public void A_conversation_has_the_ids_that_the_library_gives(string name, string model, string conversation, string ids)
    {
        var text = ChatText.Load(SharedData.Require($"../cases/{name}/{model}"));
        var row = JsonNode.Parse(File.ReadLines(SharedData.Require($"../cases/{name}/{conversation}")).First())!;
        var message = row["messages"]![0]!["content"]!.GetValue<string>();
        var encoded = new List<int>();
        int? special = null;
        foreach (var (part, isSpecial) in text.Template.Parts([new Message(Role.User, message)], TemplateEnding.OpenForAnswer))
        {
            if (isSpecial)
            {
                encoded.Add((special = text.Tokenizer.FindSpecial(part))!.Value);
            }
            else
            {
                encoded.AddRange(special is { } before ? text.Tokenizer.EncodeAfter(before, part) : text.Tokenizer.Encode(part));
            }
        }

        Assert.Equal(ids, string.Join(' ', encoded));
    }

    [Fact]
    public void Decoding_writes_added_tokens_that_are_not_special() =>
        Assert.Equal("he<tool> to", Load("sentencepiece-added-tokens").Decode([292, 300, 297]));

    [Fact]
    public void A_file_of_before_the_types_is_read_by_what_it_holds() => Assert.Equal(101, Load("bert-typeless").FindSpecial("[CLS]"));

    [Theory]
    [InlineData("tojson-separators", "[{\"a\":1,\"b\":2}] \"\\u00e9\"")]
    [InlineData("probe-needs-tools", "{'a': 1}hi")]
    public void Templates_write_what_jinja_writes(string name, string expected)
    {
        var file = JsonNode.Parse(File.ReadAllText(SharedData.Require($"../cases/{name}/in.json")))!;
        var template = new JinjaTemplate(file["template"]!.GetValue<string>(), "test", new TemplateTokens([], null, null));
        var row = file["cases"]![0]!;
        Assert.Equal(expected, template.Render((JsonArray)row["messages"]!, row["tools"] as JsonArray, TemplateEnding.Closed));
    }

    [Fact]
    public void A_sort_that_cannot_be_is_one_message() =>
        Assert.Contains(
            "the chat template cannot be used",
            Assert
                .Throws<ModelFileException>(() =>
                    new JinjaTemplate("{{ [none, none] | sort }}", "test", new TemplateTokens([], null, null))
                )
                .Message,
            StringComparison.Ordinal
        );

    private static ITokenizer Load(string name) => TokenizerFiles.Load(SharedData.Require($"../cases/{name}/model"));
}
