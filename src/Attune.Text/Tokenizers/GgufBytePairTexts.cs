using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Text.Gguf;
using static Attune.Text.Tokenizers.GgufTexts;

namespace Attune.Text.Tokenizers;

/// <summary>A byte-level BPE tokenizer of a GGUF file as <c>tokenizer.json</c> and <c>tokenizer_config.json</c>.</summary>
internal static class GgufBytePairTexts
{
    /// <exception cref="Core.ModelFileException">Its words or merges are missing or unknown, or a token stands twice.</exception>
    internal static ImmutableDictionary<string, byte[]> Of(GgufHeader file, string[] texts, int[] types, GgufRoles roles)
    {
        var words =
            GgufWords.Named(Words(file))
            ?? throw file.Wrong($"tokenizer.ggml.pre is '{Words(file)}'; supported are {string.Join(", ", GgufWords.Names)}");
        if (file.Fields.GetValueOrDefault("tokenizer.ggml.merges") is not string[] merges)
        {
            throw file.Wrong("the key 'tokenizer.ggml.merges' is missing, or not a list of texts");
        }

        var used = Enumerable.Range(0, texts.Length).Where(id => types[id] != Unused).ToArray();
        var json = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([
                .. used.Where(id => types[id] is Control or UserDefined).Select(id => (JsonNode)Added(texts[id], id, types[id] == Control)),
            ]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = PreTokenizer(words),
            ["post_processor"] = null,
            ["decoder"] = ByteLevel(cuts: true),
            ["model"] = Model(Vocabulary(file, texts, types, used), merges, words.IgnoresMerges),
        };
        return ImmutableDictionary<string, byte[]>
            .Empty.Add("tokenizer.json", JsonSerializer.SerializeToUtf8Bytes(json))
            .Add("tokenizer_config.json", JsonSerializer.SerializeToUtf8Bytes(Config(file, texts, types, roles), Indented));
    }

    private static JsonObject Vocabulary(GgufHeader file, string[] texts, int[] types, int[] used)
    {
        var vocabulary = new JsonObject();
        foreach (var id in used.Where(id => types[id] is not (Control or UserDefined)))
        {
            if (!vocabulary.TryAdd(texts[id], id))
            {
                throw file.Wrong($"the token '{texts[id]}' is in its vocabulary twice");
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

    private static JsonObject PreTokenizer(GgufWords words)
    {
        List<JsonNode> steps = [];
        if (words.DigitsApart)
        {
            steps.Add(new JsonObject { ["type"] = "Digits", ["individual_digits"] = true });
        }

        steps.AddRange(
            words.Steps.Select(expression => new JsonObject
            {
                ["type"] = "Split",
                ["pattern"] = new JsonObject { ["Regex"] = expression },
                ["behavior"] = "Isolated",
                ["invert"] = false,
            })
        );
        var bytes = ByteLevel(cuts: words.Steps.IsEmpty);
        return steps.Count == 0 ? bytes : new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray([.. steps, bytes]) };
    }

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

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The tokens with a role; those that begin and pad are named also where no text begins with one.</summary>
    private static JsonObject Config(GgufHeader file, string[] texts, int[] types, GgufRoles roles)
    {
        var config = new JsonObject { ["eos_token"] = texts[roles.End], ["add_bos_token"] = roles.Begins && roles.Begin is not null };
        if (roles.Begin is { } begin)
        {
            config["bos_token"] = texts[begin];
        }

        foreach (var (key, name) in new[] { ("padding", "pad_token"), ("unknown", "unk_token") })
        {
            if (file.Fields.GetValueOrDefault($"tokenizer.ggml.{key}_token_id") is uint id && id < texts.Length && types[id] == Control)
            {
                config[name] = texts[id];
            }
        }

        config["clean_up_tokenization_spaces"] = false;
        config["tokenizer_class"] = "PreTrainedTokenizerFast";
        return config;
    }
}
