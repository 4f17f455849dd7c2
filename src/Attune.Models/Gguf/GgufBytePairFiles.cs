using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core.Files;
using static Attune.Models.Gguf.GgufTokenizerFiles;

namespace Attune.Models.Gguf;

/// <summary>A byte-level BPE tokenizer of a GGUF file as <c>tokenizer.json</c> and <c>tokenizer_config.json</c>.</summary>
internal static class GgufBytePairFiles
{
    /// <exception cref="Core.ModelFileException">Its words or merges are missing or unknown, or a token stands twice.</exception>
    internal static void Write(GgufFile file, string[] texts, int[] types, int? begin, int end, string folder)
    {
        var words =
            GgufTokenizer.WordsOf(Words(file))
            ?? throw GgufImport.Wrong(
                file,
                $"tokenizer.ggml.pre is '{Words(file)}'; supported are {string.Join(", ", GgufTokenizer.KnownWords)}"
            );
        if (file.Fields.GetValueOrDefault("tokenizer.ggml.merges") is not string[] merges)
        {
            throw GgufImport.Wrong(file, "the key 'tokenizer.ggml.merges' is missing, or not a list of texts");
        }

        var used = Enumerable.Range(0, texts.Length).Where(id => types[id] != Unused).ToArray();
        var json = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray([
                .. used.Where(id => types[id] is Control or UserDefined).Select(id => (JsonNode)Added(texts[id], id, types[id] == Control)),
            ]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = PreTokenizer(words),
            ["post_processor"] = null,
            ["decoder"] = ByteLevel(cuts: true),
            ["model"] = Model(Vocabulary(file, texts, types, used), merges, GgufTokenizer.IsLlama3(Words(file))),
        };
        AtomicFile.WriteText(Path.Combine(folder, "tokenizer.json"), json.ToJsonString());
        WriteConfig(texts, begin, end, folder);
    }

    private static JsonObject Vocabulary(GgufFile file, string[] texts, int[] types, int[] used)
    {
        var vocabulary = new JsonObject();
        foreach (var id in used.Where(id => types[id] is not (Control or UserDefined)))
        {
            if (!vocabulary.TryAdd(texts[id], id))
            {
                throw GgufImport.Wrong(file, $"the token '{texts[id]}' is in its vocabulary twice");
            }
        }

        return vocabulary;
    }

    private static JsonObject Added(string text, int id, bool isSpecial) =>
        new()
        {
            ["id"] = id,
            ["content"] = text,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
            ["special"] = isSpecial,
        };

    /// <param name="words">The expression that cuts texts into words; empty for GPT-2's, which ByteLevel has itself.</param>
    private static JsonObject PreTokenizer(string words) =>
        words.Length == 0
            ? ByteLevel(cuts: true)
            : new JsonObject
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
                    ByteLevel(cuts: false)
                ),
            };

    private static JsonObject ByteLevel(bool cuts) =>
        new()
        {
            ["type"] = "ByteLevel",
            ["add_prefix_space"] = false,
            ["trim_offsets"] = true,
            ["use_regex"] = cuts,
        };

    private static JsonObject Model(JsonObject vocabulary, string[] merges, bool ignoresMerges) =>
        new()
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = null,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["ignore_merges"] = ignoresMerges,
            ["vocab"] = vocabulary,
            ["merges"] = new JsonArray([.. merges.Select(m => (JsonNode)m)]),
        };

    private static void WriteConfig(string[] texts, int? begin, int end, string folder)
    {
        var roles = new JsonObject { ["eos_token"] = texts[end], ["add_bos_token"] = begin is not null };
        if (begin is { } first)
        {
            roles["bos_token"] = texts[first];
        }

        AtomicFile.WriteText(
            Path.Combine(folder, "tokenizer_config.json"),
            roles.ToJsonString(new JsonSerializerOptions { WriteIndented = true })
        );
    }
}
