using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core.Files;
using Attune.Text.Tokenizers;

namespace Attune.Models.Gguf;

/// <summary>
/// The tokenizer of a GGUF file as files of Hugging Face's layout: <c>tokenizer.json</c> for byte-level pairs, <c>tokenizer.model</c> for
/// SentencePiece.
/// </summary>
internal static class GgufTokenizerFiles
{
    // llama_token_type
    private const int Unused = 5,
        Control = 3,
        UserDefined = 4;

    /// <summary>Writes the tokenizer and the chat template; nothing where the file has none.</summary>
    /// <exception cref="Core.ModelFileException">The tokenizer is damaged or of another kind.</exception>
    internal static void Write(GgufFile file, int vocabulary, string folder)
    {
        if (file.Fields.GetValueOrDefault("tokenizer.ggml.model") is not string kind || kind == "no_vocab")
        {
            return;
        }

        var texts = List<string>(file, "tokens", vocabulary);
        var types = List<int>(file, "token_type", vocabulary);
        var begin = Role(file, "bos", vocabulary);
        var end =
            Role(file, "eos", vocabulary)
            ?? throw GgufImport.Wrong(file, "the key 'tokenizer.ggml.eos_token_id' is missing; an answer could not end");
        // Where a file does not say whether texts begin with the begin token: as llama.cpp has it.
        var begins =
            file.Fields.GetValueOrDefault("tokenizer.ggml.add_bos_token") as bool?
            ?? (kind == "llama" || GgufTokenizer.IsLlama3(Words(file)));
        begin = begins ? begin : null;
        Directory.CreateDirectory(folder);
        switch (kind)
        {
            case "gpt2":
                WritePairs(file, texts, types, begin, end, folder);
                break;
            case "llama" when file.Fields.GetValueOrDefault("tokenizer.ggml.add_space_prefix") is false:
                throw GgufImport.Wrong(
                    file,
                    "tokenizer.ggml.add_space_prefix is false; read are SentencePiece tokenizers that put a space before a text"
                );
            case "llama":
                // Rows of the model that no piece belongs to stand at the end.
                var pieces = 1 + Array.FindLastIndex(types, t => t != Unused);
                TokenizerFiles
                    .FromPieces([.. texts.Zip(List<float>(file, "scores", vocabulary), types).Take(pieces)], begin, end, file.Path)
                    .Save(folder);
                break;
            default:
                throw GgufImport.Wrong(
                    file,
                    $"tokenizer.ggml.model is '{kind}'; read are gpt2 (byte-level pairs) and llama (SentencePiece)"
                );
        }

        if (file.Fields.GetValueOrDefault("tokenizer.chat_template") is string template)
        {
            AtomicFile.WriteText(Path.Combine(folder, "chat_template.jinja"), template);
        }

        TokenizerFiles.Load(folder); // says what is wrong with it, if anything is
    }

    private static void WritePairs(GgufFile file, string[] texts, int[] types, int? begin, int end, string folder)
    {
        var words =
            GgufTokenizer.WordsOf(Words(file))
            ?? throw GgufImport.Wrong(
                file,
                $"tokenizer.ggml.pre is '{Words(file)}'; read are {string.Join(", ", GgufTokenizer.KnownWords)}"
            );
        if (file.Fields.GetValueOrDefault("tokenizer.ggml.merges") is not string[] merges)
        {
            throw GgufImport.Wrong(file, "the key 'tokenizer.ggml.merges' is missing, or not a list of texts");
        }

        var used = Enumerable.Range(0, texts.Length).Where(id => types[id] != Unused).ToArray();
        var vocabulary = new JsonObject();
        foreach (var id in used.Where(id => types[id] is not (Control or UserDefined)))
        {
            if (!vocabulary.TryAdd(texts[id], id))
            {
                throw GgufImport.Wrong(file, $"the token '{texts[id]}' stands twice in its vocabulary");
            }
        }

        JsonObject Bytes(bool cuts) =>
            new()
            {
                ["type"] = "ByteLevel",
                ["add_prefix_space"] = false,
                ["trim_offsets"] = true,
                ["use_regex"] = cuts,
            };
        var json = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray([
                .. used.Where(id => types[id] is Control or UserDefined)
                    .Select(id =>
                        (JsonNode)
                            new JsonObject
                            {
                                ["id"] = id,
                                ["content"] = texts[id],
                                ["single_word"] = false,
                                ["lstrip"] = false,
                                ["rstrip"] = false,
                                ["normalized"] = false,
                                ["special"] = types[id] == Control,
                            }
                    ),
            ]),
            ["normalizer"] = null,
            ["pre_tokenizer"] =
                words.Length == 0
                    ? Bytes(cuts: true)
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
                            Bytes(cuts: false)
                        ),
                    },
            ["post_processor"] = null,
            ["decoder"] = Bytes(cuts: true),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = GgufTokenizer.IsLlama3(Words(file)),
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. merges.Select(m => (JsonNode)m)]),
            },
        };
        var roles = new JsonObject { ["eos_token"] = texts[end], ["add_bos_token"] = begin is not null };
        if (begin is { } first)
        {
            roles["bos_token"] = texts[first];
        }

        AtomicFile.WriteText(Path.Combine(folder, "tokenizer.json"), json.ToJsonString());
        AtomicFile.WriteText(
            Path.Combine(folder, "tokenizer_config.json"),
            roles.ToJsonString(new JsonSerializerOptions { WriteIndented = true })
        );
    }

    private static string Words(GgufFile file) => file.Fields.GetValueOrDefault("tokenizer.ggml.pre") as string ?? "gpt-2";

    private static T[] List<T>(GgufFile file, string key, int vocabulary) =>
        file.Fields.GetValueOrDefault($"tokenizer.ggml.{key}") is T[] all && all.Length == vocabulary
            ? all
            : throw GgufImport.Wrong(
                file,
                $"the key 'tokenizer.ggml.{key}' is missing or has not {vocabulary} values, one for each row of token_embd.weight"
            );

    private static int? Role(GgufFile file, string role, int vocabulary) =>
        file.Fields.GetValueOrDefault($"tokenizer.ggml.{role}_token_id") switch
        {
            null => null,
            uint id when id < vocabulary => (int)id,
            var other => throw GgufImport.Wrong(file, $"tokenizer.ggml.{role}_token_id is {other}; expected an id below {vocabulary}"),
        };
}
