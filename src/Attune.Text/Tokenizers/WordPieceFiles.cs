using System.Text;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Text.Files;

namespace Attune.Text.Tokenizers;

/// <summary>
/// BERT's own file, <c>vocab.txt</c>: a token a line, the line's number from 0 its id. Read as the <c>tokenizer.json</c> that says the
/// same.
/// </summary>
internal static class WordPieceFiles
{
    internal const string Name = "vocab.txt";

    /// <exception cref="ModelFileException">The file is damaged, or lacks one of BERT's special tokens.</exception>
    public static ITokenizer Load(ModelTexts texts)
    {
        var path = texts.PathOf(Name);
        var config = texts.JsonIfThere("tokenizer_config.json");
        string Role(string name, string usual) => JsonFile.Token(config?[name]) ?? usual;
        var (unknown, first, last) = (Role("unk_token", "[UNK]"), Role("cls_token", "[CLS]"), Role("sep_token", "[SEP]"));
        string[] special = [unknown, first, last, Role("pad_token", "[PAD]"), Role("mask_token", "[MASK]")];
        var vocabulary = Read(path);
        if (special[..3].FirstOrDefault(s => !vocabulary.ContainsKey(s)) is { } missing)
        {
            throw new ModelFileException(
                $"{path}: the special token '{missing}' is not in the vocabulary; expected BERT's vocab.txt, a token a line."
            );
        }
        var file = new JsonObject
        {
            ["added_tokens"] = new JsonArray([.. special.Where(vocabulary.ContainsKey).Select(s => (JsonNode)Added(s, vocabulary[s]))]),
            ["normalizer"] = Normalizer(config),
            ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
            ["post_processor"] = new JsonObject
            {
                ["type"] = "BertProcessing",
                ["cls"] = new JsonArray(first, vocabulary[first]),
                ["sep"] = new JsonArray(last, vocabulary[last]),
            },
            ["decoder"] = new JsonObject
            {
                ["type"] = "WordPiece",
                ["prefix"] = "##",
                ["cleanup"] = true,
            },
            ["model"] = Model(vocabulary, unknown),
        };
        return PipelineTokenizer.Load(file, path, texts);
    }

    private static JsonObject Added(string content, int id) =>
        new()
        {
            ["id"] = id,
            ["content"] = content,
            ["special"] = true,
        };

    private static JsonObject Normalizer(JsonObject? config) =>
        new()
        {
            ["type"] = "BertNormalizer",
            ["clean_text"] = true,
            ["handle_chinese_chars"] = JsonFile.Flag(config?["tokenize_chinese_chars"]) ?? true,
            ["strip_accents"] = JsonFile.Flag(config?["strip_accents"]) is { } strip ? JsonValue.Create(strip) : null,
            ["lowercase"] = JsonFile.Flag(config?["do_lower_case"]) ?? true,
        };

    private static JsonObject Model(Dictionary<string, int> vocabulary, string unknown) =>
        new()
        {
            ["type"] = "WordPiece",
            ["unk_token"] = unknown,
            ["continuing_subword_prefix"] = "##",
            ["max_input_chars_per_word"] = 100,
            ["vocab"] = new JsonObject(vocabulary.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)JsonValue.Create(p.Value)))),
        };

    private static Dictionary<string, int> Read(string path)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        try
        {
            foreach (var line in File.ReadLines(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true)))
            {
                // Line ends alone are taken off: white space of other kinds is a token of its own in some vocabularies.
                if (!vocabulary.TryAdd(line, vocabulary.Count))
                {
                    throw new ModelFileException(
                        $"{path}: line {vocabulary.Count + 1} holds '{line}', which an earlier line holds too; expected each token once."
                    );
                }
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new ModelFileException($"{path} cannot be read: {problem.Message}", problem);
        }

        return vocabulary;
    }
}
