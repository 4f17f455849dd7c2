using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Text.Files;

namespace Attune.Text.Tokenizers;

/// <summary>
/// What a tokenizer's files say and Attune does not do, a sentence each. Parts of an unknown kind are refused on loading; these are the
/// settings that other programs may act on.
/// </summary>
public static class TokenizerNotes
{
    private static readonly string[] File =
    [
        "version",
        "truncation",
        "padding",
        "added_tokens",
        "normalizer",
        "pre_tokenizer",
        "post_processor",
        "decoder",
        "model",
    ];
    private static readonly string[] AddedToken = ["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"];

    // Of each type of part, in every place where it may stand, what the tokenizers library writes.
    private static readonly Dictionary<string, string[]> Parts = new(StringComparer.Ordinal)
    {
        ["Sequence"] = ["normalizers", "pretokenizers", "processors", "decoders"],
        ["BertNormalizer"] = ["clean_text", "handle_chinese_chars", "strip_accents", "lowercase"],
        ["Prepend"] = ["prepend"],
        ["Replace"] = ["pattern", "content"],
        ["Strip"] = ["strip_left", "strip_right", "content", "start", "stop"],
        ["Precompiled"] = ["precompiled_charsmap"],
        ["ByteLevel"] = ["add_prefix_space", "trim_offsets", "use_regex"],
        ["Split"] = ["pattern", "behavior", "invert"],
        ["Metaspace"] = ["replacement", "add_prefix_space", "str_rep", "prepend_scheme", "split"],
        ["Digits"] = ["individual_digits"],
        ["Punctuation"] = ["behavior"],
        ["CharDelimiterSplit"] = ["delimiter"],
        ["TemplateProcessing"] = ["single", "pair", "special_tokens"],
        ["BertProcessing"] = ["sep", "cls"],
        ["RobertaProcessing"] = ["sep", "cls", "trim_offsets", "add_prefix_space"],
        ["WordPiece"] = ["prefix", "cleanup", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"],
        ["BPEDecoder"] = ["suffix"],
        ["CTC"] = ["pad_token", "word_delimiter_token", "cleanup"],
        ["BPE"] =
        [
            "dropout",
            "unk_token",
            "continuing_subword_prefix",
            "end_of_word_suffix",
            "fuse_unk",
            "byte_fallback",
            "ignore_merges",
            "vocab",
            "merges",
        ],
        ["Unigram"] = ["unk_id", "vocab", "byte_fallback"],
        ["WordLevel"] = ["vocab", "unk_token"],
    };

    /// <exception cref="ModelFileException">A file is damaged.</exception>
    public static ImmutableArray<string> Of(ModelTexts texts)
    {
        var notes = ImmutableArray.CreateBuilder<string>();
        var config = texts.JsonIfThere("tokenizer_config.json");
        if (texts.JsonIfThere("tokenizer.json") is { } file)
        {
            OfFile(file, notes);
            OfBoth(file, config, notes);
        }
        if (texts.EndsTexts || JsonFile.Flag(config?["add_eos_token"]) == true)
        {
            notes.Add("add_eos_token is true: here a text gets no end token; training puts it where an answer or a document ends.");
        }
        if (JsonFile.Flag(config?["clean_up_tokenization_spaces"]) == true)
        {
            notes.Add("clean_up_tokenization_spaces is true: here decoding leaves the spaces before punctuation as the tokens spell them.");
        }
        return notes.ToImmutable();
    }

    private static void OfFile(JsonObject file, ImmutableArray<string>.Builder notes)
    {
        Unknown("tokenizer.json", file, File, notes);
        foreach (var name in new[] { "normalizer", "pre_tokenizer", "post_processor", "decoder", "model" })
        {
            OfPart(name, file[name], notes);
        }

        var odd = (file["added_tokens"] as JsonArray ?? []).OfType<JsonObject>().SelectMany(t => t.Select(p => p.Key)).Except(AddedToken);
        foreach (var key in odd)
        {
            notes.Add($"added_tokens has a key '{key}', which is not known here and does nothing.");
        }

        if (file["truncation"] is JsonObject cut)
        {
            notes.Add(
                $"truncation to {cut["max_length"]?.ToJsonString() ?? "a"} tokens: here texts are not cut, but by a stage's own limit."
            );
        }
        if (file["padding"] is not null)
        {
            notes.Add("padding: here texts are not padded.");
        }
        if (file["model"]?["dropout"] is JsonValue dropout && dropout.TryGetValue<double>(out var share) && share > 0)
        {
            notes.Add($"model.dropout is {dropout.ToJsonString()}: here no merge is left out by chance.");
        }
        if (TokenizerJson.Frame(file).End is { IsEmpty: false } end)
        {
            notes.Add(
                $"the post-processor puts {string.Join(", ", end)} after a text: here nothing is; training puts the end token where an "
                    + "answer or a document ends."
            );
        }
    }

    private static void OfPart(string place, JsonNode? node, ImmutableArray<string>.Builder notes)
    {
        if (node is not JsonObject part)
        {
            return;
        }
        var type = JsonFile.Type(part);
        if (type is not null || place != "model")
        {
            Unknown($"{place} ({type})", part, ["type", .. Parts.GetValueOrDefault(type ?? "", [])], notes);
        }
        foreach (var inner in type == "Sequence" ? Parts["Sequence"].SelectMany(k => part[k] as JsonArray ?? []) : [])
        {
            OfPart(place, inner, notes);
        }
    }

    private static void Unknown(string place, JsonObject part, string[] known, ImmutableArray<string>.Builder notes)
    {
        foreach (var (key, _) in part.Where(p => !known.Contains(p.Key)))
        {
            notes.Add($"{place} has a key '{key}', which is not known here and does nothing.{Suggestion.For(key, known)}");
        }
    }

    /// <summary>Where the two files contradict each other, some of transformers' classes go by the configuration.</summary>
    private static void OfBoth(JsonObject file, JsonObject? config, ImmutableArray<string>.Builder notes)
    {
        foreach (
            var (key, part, name) in new[]
            {
                ("add_prefix_space", "pre_tokenizer", "add_prefix_space"),
                ("do_lower_case", "normalizer", "lowercase"),
                ("strip_accents", "normalizer", "strip_accents"),
                ("tokenize_chinese_chars", "normalizer", "handle_chinese_chars"),
            }
        )
        {
            if (
                JsonFile.Flag(config?[key]) is { } wanted
                && JsonFile.Flag((file[part] as JsonObject)?[name]) is { } written
                && wanted != written
            )
            {
                notes.Add(
                    $"tokenizer_config.json says {key} {Word(wanted)}, tokenizer.json's {part} says {name} "
                        + $"{Word(written)}: here the latter counts."
                );
            }
        }

        static string Word(bool flag) => flag ? "true" : "false";
    }
}
