using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core;

namespace Attune.Text.Tokenizers;

/// <summary>Hugging Face's <c>tokenizer.json</c>, for byte-level BPE models.</summary>
internal static class TokenizerJson
{
    public static JsonObject Write(BytePairTokenizer tokenizer, JsonObject vocabulary) => new()
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = new JsonArray([.. tokenizer.Vocabulary.Special.OrderBy(s => s.Value).Select(s => (JsonNode)Added(s.Key, s.Value))]),
        ["normalizer"] = null,
        ["pre_tokenizer"] = ByteLevel(),
        ["post_processor"] = tokenizer.Special.Begin is { } begin ? BeginTemplate(begin, tokenizer.BeginToken!.Value) : ByteLevel(),
        ["decoder"] = ByteLevel(),
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = null,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["ignore_merges"] = false,
            ["vocab"] = vocabulary.DeepClone(),
            ["merges"] = new JsonArray([.. tokenizer.Vocabulary.Merges.Select(m => (JsonNode)m)]),
        },
    };

    /// <summary>True where the file holds a byte-level BPE model, which is what this class reads.</summary>
    public static bool IsByteLevel(JsonObject file) =>
        file["model"] is JsonObject model && JsonFile.Type(model) == "BPE" && Parts(file["pre_tokenizer"], "pretokenizers").Any(p => JsonFile.Type(p) == "ByteLevel");

    public static BytePairTokenizer Read(JsonObject file, string path, string? directory)
    {
        if (file["model"] is not JsonObject model || !IsByteLevel(file))
            throw new ModelFileException($"{path}: found a {JsonFile.Type(file["model"]) ?? "nameless"} model; expected BPE with a ByteLevel pre-tokenizer.");
        CheckWords(file, path);
        var added = Added(file, path);
        var ids = BytePairFiles.Ids(model["vocab"] as JsonObject ?? throw new ModelFileException($"{path}: model.vocab is missing; expected an object of tokens and ids."), path);
        var vocabulary = new BytePairVocabulary(BytePairFiles.Without(ids, added.Keys), Merges(model, path), added);
        var begin = Parts(file["post_processor"], "processors").Where(p => JsonFile.Type(p) == "TemplateProcessing")
            .SelectMany(p => Parts(p["single"]).Take(1)).Select(p => JsonFile.Token((p["SpecialToken"] as JsonObject)?["id"])).FirstOrDefault();
        var special = SpecialTokenFiles.Read(directory, added.ContainsKey("<|endoftext|>") ? "<|endoftext|>" : null, begin, path);
        return new BytePairTokenizer(vocabulary, special with { Others = [.. added.Keys.Except(special.Roles).Order(StringComparer.Ordinal)] }, path);
    }

    private static Dictionary<string, int> Added(JsonObject file, string path)
    {
        var added = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var token in Parts(file["added_tokens"]))
        {
            if (JsonFile.Token(token["content"]) is not { } content || JsonFile.Number(token["id"]) is not { } id || !added.TryAdd(content, id))
                throw new ModelFileException($"{path}: added_tokens holds {token.ToJsonString()}; expected each token once, with \"content\" and \"id\".");
        }

        return added;
    }

    private static void CheckWords(JsonObject file, string path)
    {
        if (file["normalizer"] is not null)
            throw new ModelFileException($"{path}: has a {JsonFile.Type(file["normalizer"])} normalizer; only tokenizers without one can be read, as GPT-2's.");
        var parts = Parts(file["pre_tokenizer"], "pretokenizers").ToList();
        if (parts.Count != 1 || JsonFile.Flag(parts[0]["use_regex"]) == false)
            throw new ModelFileException($"{path}: cuts words by another pattern than GPT-2's, which is the one known here.");
        if (JsonFile.Flag(parts[0]["add_prefix_space"]) == true)
            throw new ModelFileException($"{path}: puts a space before each text (add_prefix_space); only tokenizers that do not can be read.");
    }

    private static ImmutableArray<string> Merges(JsonObject model, string path)
    {
        if (model["merges"] is not JsonArray merges)
            throw new ModelFileException($"{path}: model.merges is missing; expected a list of pairs.");
        // Written as "a b" until tokenizers 0.20, as ["a", "b"] since.
        return [.. merges.Select(m => m is JsonArray pair ? string.Join(' ', pair.Select(JsonFile.Token)) : JsonFile.Token(m) ?? "")];
    }

    private static IEnumerable<JsonObject> Parts(JsonNode? node, string? sequence = null) => node switch
    {
        JsonArray list => list.OfType<JsonObject>(),
        JsonObject part when sequence is not null && part[sequence] is JsonArray list => list.OfType<JsonObject>(),
        JsonObject part => [part],
        _ => [],
    };

    private static JsonObject ByteLevel() => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };

    internal static JsonObject Added(string content, int id) => new JsonObject
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = true,
    };

    private static JsonObject BeginTemplate(string begin, int id)
    {
        JsonObject Special() => new() { ["SpecialToken"] = new JsonObject { ["id"] = begin, ["type_id"] = 0 } };
        JsonObject Text(string name, int type) => new() { ["Sequence"] = new JsonObject { ["id"] = name, ["type_id"] = type } };
        return new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(Special(), Text("A", 0)),
            ["pair"] = new JsonArray(Special(), Text("A", 0), Special(), Text("B", 1)),
            ["special_tokens"] = new JsonObject
            {
                [begin] = new JsonObject { ["id"] = begin, ["ids"] = new JsonArray(id), ["tokens"] = new JsonArray(begin) },
            },
        };
    }
}
