using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Text.Files;

namespace Attune.Text.Tokenizers;

/// <summary>Hugging Face's <c>tokenizer.json</c>, for byte-level BPE models.</summary>
internal static class TokenizerJson
{
    public static JsonObject Write(BytePairTokenizer tokenizer, JsonObject vocabulary) =>
        new()
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([
                .. tokenizer.Vocabulary.Special.OrderBy(s => s.Value).Select(s => (JsonNode)Added(s.Key, s.Value)),
            ]),
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

    /// <summary>
    /// True where the file holds byte-level BPE exactly as GPT-2 does it, which is what this class reads: GPT-2's words, nothing
    /// normalised, no space put before, and no added token that text could turn into. All others go through the whole pipeline.
    /// </summary>
    public static bool IsLikeGpt2(JsonObject file) =>
        file["model"] is JsonObject model
        && JsonFile.Type(model) == "BPE"
        && file["normalizer"] is null
        && JsonFile.Flag(model["ignore_merges"]) != true
        && Parts(file["pre_tokenizer"], "pretokenizers").ToList() is [var words]
        && JsonFile.Type(words) == "ByteLevel"
        && JsonFile.Flag(words["use_regex"]) != false
        && JsonFile.Flag(words["add_prefix_space"]) != true
        && Parts(file["added_tokens"])
            .All(t => JsonFile.Flag(t["special"]) != false && JsonFile.Flag(t["rstrip"]) != true && JsonFile.Flag(t["lstrip"]) != true)
        && Parts(file["post_processor"], "processors").All(p => JsonFile.Type(p) is "ByteLevel" or "TemplateProcessing");

    /// <summary>Adds the tokens that only <c>tokenizer_config.json</c> has, as transformers does.</summary>
    public static void AddConfigured(JsonObject? file, JsonObject? config)
    {
        if (file is null || config?["added_tokens_decoder"] is not JsonObject decoder)
        {
            return;
        }
        var known = Parts(file["added_tokens"]).Select(t => JsonFile.Token(t["content"])).ToHashSet(StringComparer.Ordinal);
        var list = file["added_tokens"] as JsonArray;
        if (list is null)
        {
            file["added_tokens"] = list = [];
        }
        foreach (var (id, entry) in decoder)
        {
            if (
                int.TryParse(id, out var number)
                && entry is JsonObject part
                && JsonFile.Token(part) is { Length: > 0 } text
                && known.Add(text)
            )
            {
                var token = (JsonObject)part.DeepClone();
                token["id"] = number;
                list.Add(token);
            }
        }
    }

    public static BytePairTokenizer Read(JsonObject file, string path, ModelTexts? texts)
    {
        var model = (JsonObject)file["model"]!;
        var added = Added(file, path);
        var ids = JsonFile.Ids(
            model["vocab"] as JsonObject
                ?? throw new ModelFileException($"{path}: model.vocab is missing; expected an object of tokens and ids."),
            path
        );
        var vocabulary = new BytePairVocabulary(BytePairFiles.Without(ids, added.Keys), Merges(model, path), added);
        var special = SpecialTokenFiles.Read(
            texts,
            added.ContainsKey("<|endoftext|>") ? "<|endoftext|>" : null,
            Frame(file).Begin.FirstOrDefault(),
            path
        );
        return new BytePairTokenizer(
            vocabulary,
            special with
            {
                Others = [.. added.Keys.Except(special.Roles).Order(StringComparer.Ordinal)],
            },
            path
        );
    }

    /// <summary>The special tokens that the post-processor puts before and after a text.</summary>
    internal static (ImmutableArray<string> Begin, ImmutableArray<string> End) Frame(JsonObject file)
    {
        foreach (var part in Parts(file["post_processor"], "processors"))
        {
            if (JsonFile.Type(part) is "BertProcessing" or "RobertaProcessing")
            {
                return ([.. First(part["cls"])], [.. First(part["sep"])]);
            }
            if (JsonFile.Type(part) != "TemplateProcessing")
            {
                continue;
            }
            var items = Parts(part["single"]).ToList();
            var text = items.FindIndex(i => i["Sequence"] is not null);
            static string? Special(JsonObject item) => JsonFile.Token((item["SpecialToken"] as JsonObject)?["id"]);
            return text < 0
                ? ([], [])
                : ([.. items.Take(text).Select(Special).OfType<string>()], [.. items.Skip(text + 1).Select(Special).OfType<string>()]);
        }

        return ([], []);

        static IEnumerable<string> First(JsonNode? pair) =>
            pair is JsonArray { Count: > 0 } list && JsonFile.Token(list[0]) is { } token ? [token] : [];
    }

    private static Dictionary<string, int> Added(JsonObject file, string path)
    {
        var added = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var token in Parts(file["added_tokens"]))
        {
            if (
                JsonFile.Token(token["content"]) is not { } content
                || JsonFile.Number(token["id"]) is not { } id
                || !added.TryAdd(content, id)
            )
            {
                throw new ModelFileException(
                    $"{path}: added_tokens holds {token.ToJsonString()}; expected each token once, with \"content\" and \"id\"."
                );
            }
        }

        return added;
    }

    private static ImmutableArray<string> Merges(JsonObject model, string path)
    {
        if (model["merges"] is not JsonArray merges)
        {
            throw new ModelFileException($"{path}: model.merges is missing; expected a list of pairs.");
        }
        // Written as "a b" until tokenizers 0.20, as ["a", "b"] since.
        return [.. merges.Select(m => m is JsonArray pair ? string.Join(' ', pair.Select(JsonFile.Token)) : JsonFile.Token(m) ?? "")];
    }

    private static IEnumerable<JsonObject> Parts(JsonNode? node, string? sequence = null) =>
        node switch
        {
            JsonArray list => list.OfType<JsonObject>(),
            JsonObject part when sequence is not null && part[sequence] is JsonArray list => list.OfType<JsonObject>(),
            JsonObject part => [part],
            _ => [],
        };

    private static JsonObject ByteLevel() =>
        new()
        {
            ["type"] = "ByteLevel",
            ["add_prefix_space"] = false,
            ["trim_offsets"] = true,
            ["use_regex"] = true,
        };

    internal static JsonObject Added(string content, int id) =>
        new JsonObject
        {
            ["id"] = id,
            ["content"] = content,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
            ["special"] = true,
        };

    internal static JsonObject BeginTemplate(string begin, int id)
    {
        JsonObject Special() =>
            new()
            {
                ["SpecialToken"] = new JsonObject { ["id"] = begin, ["type_id"] = 0 },
            };
        JsonObject Text(string name, int type) =>
            new()
            {
                ["Sequence"] = new JsonObject { ["id"] = name, ["type_id"] = type },
            };
        return new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(Special(), Text("A", 0)),
            ["pair"] = new JsonArray(Special(), Text("A", 0), Special(), Text("B", 1)),
            ["special_tokens"] = new JsonObject
            {
                [begin] = new JsonObject
                {
                    ["id"] = begin,
                    ["ids"] = new JsonArray(id),
                    ["tokens"] = new JsonArray(begin),
                },
            },
        };
    }
}
