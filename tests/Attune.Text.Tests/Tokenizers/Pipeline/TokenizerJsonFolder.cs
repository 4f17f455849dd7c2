using System.Text.Json.Nodes;
using Attune.Testing;
using Attune.Text.Tokenizers;

namespace Attune.Text.Tests.Tokenizers.Pipeline;

/// <summary>Folders with a <c>tokenizer.json</c> made for a test.</summary>
internal static class TokenizerJsonFolder
{
    /// <summary>Byte-level BPE with GPT-2's vocabulary, words cut by an expression.</summary>
    public static TemporaryFolder Gpt2(string words, Action<JsonNode>? change = null)
    {
        var tokenizer = Gpt2();
        var vocabulary = new JsonObject();
        foreach (var (text, id) in tokenizer.Vocabulary.Tokens)
        {
            vocabulary[text] = id;
        }

        return Write(
            new JsonObject
            {
                ["added_tokens"] = new JsonArray(PipelineTests.Added("<|endoftext|>", 50256, special: true)),
                ["normalizer"] = null,
                ["pre_tokenizer"] = new JsonObject
                {
                    ["type"] = "Sequence",
                    ["pretokenizers"] = new JsonArray(
                        new JsonObject
                        {
                            ["type"] = "Split",
                            ["pattern"] = new JsonObject { ["Regex"] = words },
                            ["behavior"] = "Isolated",
                            ["invert"] = false,
                        },
                        new JsonObject
                        {
                            ["type"] = "ByteLevel",
                            ["add_prefix_space"] = false,
                            ["use_regex"] = false,
                        }
                    ),
                },
                ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
                ["model"] = new JsonObject
                {
                    ["type"] = "BPE",
                    ["vocab"] = vocabulary,
                    ["merges"] = new JsonArray([.. tokenizer.Vocabulary.Merges.Select(m => (JsonNode)m)]),
                },
            },
            "{\"eos_token\": \"<|endoftext|>\"}",
            change
        );
    }

    /// <summary>
    /// A SentencePiece model in the form its converters give it: merges in the order of the scores of what they make, byte fallback.
    /// </summary>
    public static TemporaryFolder Llama(SentencePieceTokenizer tokenizer)
    {
        var pieces = tokenizer.Pieces();
        var vocabulary = new JsonObject();
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < pieces.Count; id++)
        {
            vocabulary[pieces[id].Text] = ids[pieces[id].Text] = id;
        }

        var merges = pieces
            .Where(p => p.Type == 1)
            .SelectMany(p =>
                Enumerable
                    .Range(1, Math.Max(0, p.Text.Length - 1))
                    .Select(cut => (Left: p.Text[..cut], Right: p.Text[cut..], p.Score))
                    .Where(m => ids.ContainsKey(m.Left) && ids.ContainsKey(m.Right))
            )
            .OrderByDescending(m => m.Score)
            .ThenBy(m => ids[m.Left])
            .ThenBy(m => ids[m.Right])
            .Select(m => (JsonNode)new JsonArray(m.Left, m.Right));
        static JsonObject Replace(string from, string to) =>
            new()
            {
                ["type"] = "Replace",
                ["pattern"] = new JsonObject { ["String"] = from },
                ["content"] = to,
            };
        return Write(
            new JsonObject
            {
                ["added_tokens"] = new JsonArray(
                    PipelineTests.Added("<unk>", 0, true),
                    PipelineTests.Added("<s>", 1, true),
                    PipelineTests.Added("</s>", 2, true)
                ),
                ["normalizer"] = new JsonObject
                {
                    ["type"] = "Sequence",
                    ["normalizers"] = new JsonArray(
                        new JsonObject { ["type"] = "Prepend", ["prepend"] = "\u2581" },
                        Replace(" ", "\u2581")
                    ),
                },
                ["pre_tokenizer"] = null,
                ["post_processor"] = JsonNode.Parse(
                    """{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]}"""
                ),
                ["decoder"] = new JsonObject
                {
                    ["type"] = "Sequence",
                    ["decoders"] = new JsonArray(
                        Replace("\u2581", " "),
                        new JsonObject { ["type"] = "ByteFallback" },
                        new JsonObject { ["type"] = "Fuse" },
                        new JsonObject
                        {
                            ["type"] = "Strip",
                            ["content"] = " ",
                            ["start"] = 1,
                            ["stop"] = 0,
                        }
                    ),
                },
                ["model"] = new JsonObject
                {
                    ["type"] = "BPE",
                    ["unk_token"] = "<unk>",
                    ["fuse_unk"] = true,
                    ["byte_fallback"] = true,
                    ["vocab"] = vocabulary,
                    ["merges"] = new JsonArray([.. merges]),
                },
            },
            "{\"eos_token\": \"</s>\", \"bos_token\": \"<s>\"}",
            null
        );
    }

    /// <summary>A word-level vocabulary over whole texts, to be changed.</summary>
    public static TemporaryFolder Words(string[] words, Action<JsonNode> change, string config = "{\"eos_token\": \"</s>\"}")
    {
        var vocabulary = new JsonObject();
        foreach (var word in words)
        {
            vocabulary[word] = vocabulary.Count;
        }

        return Write(
            new JsonObject
            {
                ["added_tokens"] = new JsonArray(PipelineTests.Added("</s>", 1, true)),
                ["decoder"] = new JsonObject { ["type"] = "Fuse" },
                ["model"] = new JsonObject
                {
                    ["type"] = "WordLevel",
                    ["unk_token"] = "<unk>",
                    ["vocab"] = vocabulary,
                },
            },
            config,
            change
        );
    }

    public static SentencePieceTokenizer Stories() =>
        (SentencePieceTokenizer)TokenizerFiles.ImportLlama2C(SharedData.Require("models/stories260K/tok512.bin"), 512);

    public static BytePairTokenizer Gpt2()
    {
        var folder = SharedData.Require("tokenizers/gpt2");
        return BytePairFiles.LoadVocabAndMerges(Path.Combine(folder, "gpt2_vocab.json"), Path.Combine(folder, "gpt2_merges.txt"), null);
    }

    private static TemporaryFolder Write(JsonObject file, string config, Action<JsonNode>? change)
    {
        var folder = new TemporaryFolder();
        change?.Invoke(file);
        folder.WriteText("tokenizer.json", file.ToJsonString());
        folder.WriteText("tokenizer_config.json", config);
        return folder;
    }
}
