using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Text.Files;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>How a vocabulary writes text.</summary>
public enum VocabularyKind
{
    /// <summary>Byte-pair encoding of bytes, each written as a letter (GPT-2, Llama 3, Qwen).</summary>
    ByteLevelPairs,

    /// <summary>Byte-pair encoding of characters, those that it lacks as bytes (Llama 2, Mistral, Gemma).</summary>
    PairsWithBytes,
    Other,
}

/// <summary>What other programs need of a <c>tokenizer.json</c>.</summary>
/// <param name="Texts">By id; null for ids that stand for nothing.</param>
/// <param name="Special">Ids that text never becomes.</param>
/// <param name="Added">Ids that text becomes before anything else is done.</param>
/// <param name="Merges">Ids of the two parts and of what they become, in the order learned.</param>
/// <param name="Words">The expression that cuts texts into words; empty for GPT-2's; null where none cuts, or several steps do.</param>
/// <param name="DigitsApart">Whether every numeric character is a piece of its own before that.</param>
public sealed record PipelineVocabulary(
    VocabularyKind Kind,
    ImmutableArray<string?> Texts,
    ImmutableHashSet<int> Special,
    ImmutableHashSet<int> Added,
    ImmutableArray<(int Left, int Right, int Merged)> Merges,
    string? Words,
    bool DigitsApart = false
)
{
    internal static PipelineVocabulary Of(ITokenizerModel model, JsonObject file, ImmutableArray<AddedToken> added)
    {
        var parts = Flat(file["pre_tokenizer"]).ToList();
        var byteLevel = parts.Any(p => JsonFile.Type(p) == "ByteLevel");
        var kind =
            model is not BytePairModel pairs ? VocabularyKind.Other
            : byteLevel ? VocabularyKind.ByteLevelPairs
            : pairs.FallsBackToBytes ? VocabularyKind.PairsWithBytes
            : VocabularyKind.Other;
        var size = 1 + model.Vocabulary.Values.Concat(added.Select(a => a.Id)).Where(id => id < 10_000_000).DefaultIfEmpty(-1).Max();
        var texts = new string?[size];
        foreach (var (text, id) in model.Vocabulary.Concat(added.Select(a => KeyValuePair.Create(a.Content, a.Id))))
        {
            if (id >= 0 && id < size)
            {
                texts[id] = text;
            }
        }

        return new PipelineVocabulary(
            kind,
            [.. texts],
            [.. added.Where(a => a.IsSpecial).Select(a => a.Id)],
            [.. added.Where(a => !a.IsSpecial).Select(a => a.Id)],
            model is BytePairModel { } own ? [.. own.Merges] : [],
            WordsOf([.. parts.Where(p => !IsDigits(p))]),
            parts.Any(IsDigits)
        );
    }

    private static bool IsDigits(JsonObject part) => JsonFile.Type(part) == "Digits" && JsonFile.Flag(part["individual_digits"]) == true;

    private static string? WordsOf(JsonObject[] parts) =>
        parts.Count(p => JsonFile.Type(p) != "ByteLevel") > 1 ? null
        : parts.FirstOrDefault(p => JsonFile.Type(p) != "ByteLevel") is { } split
            ? JsonFile.Token((split["pattern"] as JsonObject)?["Regex"])
        : parts.Any(p => JsonFile.Flag(p["use_regex"]) != false) ? ""
        : null;

    private static IEnumerable<JsonObject> Flat(JsonNode? part) =>
        part is not JsonObject known ? []
        : known["pretokenizers"] is JsonArray list ? list.SelectMany(Flat)
        : [known];
}
