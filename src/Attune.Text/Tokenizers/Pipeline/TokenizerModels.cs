using System.Globalization;
using System.Text.Json.Nodes;
using Attune.Text.Files;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>Makes tokens of a piece of text.</summary>
internal interface ITokenizerModel
{
    /// <summary>Ids by spelling, as the model writes its pieces.</summary>
    IReadOnlyDictionary<string, int> Vocabulary { get; }

    /// <summary>Adds the tokens of a piece that is not empty, and which the sink has begun.</summary>
    void Encode(string piece, TokenSink sink);
}

/// <summary>The models that <c>tokenizer.json</c> names.</summary>
internal static class TokenizerModels
{
    public static ITokenizerModel Read(JsonNode? node, PartReader reader, string path)
    {
        var part = reader.Part(node, "model");
        // Files from before the types were written say it by what they hold, looked at in the tokenizers library's order.
        return (
            JsonFile.Type(part)
            ?? (
                part["merges"] is not null ? "BPE"
                : part["vocab"] is JsonArray ? "Unigram"
                : part["max_input_chars_per_word"] is not null || part["continuing_subword_prefix"] is not null ? "WordPiece"
                : part["vocab"] is JsonObject ? "WordLevel"
                : null
            )
        ) switch
        {
            "BPE" => BytePairModel.Read(part, reader, path),
            "Unigram" => UnigramModel.Read(part, reader),
            "WordPiece" => WordPieceModel.Read(part, reader, path),
            "WordLevel" => WordLevelModel.Read(part, reader, path),
            _ => throw reader.Unknown(part, "model", "BPE, Unigram, WordPiece, WordLevel"),
        };
    }

    public static Dictionary<string, int> Ids(JsonObject part, PartReader reader, string path) =>
        JsonFile.Ids(
            part["vocab"] as JsonObject ?? throw reader.Wrong("model.vocab is missing; expected an object of tokens and ids."),
            path
        );

    /// <summary>Ids of the 256 pieces that stand for bytes; null where one is missing.</summary>
    public static int[]? ByteIds(IReadOnlyDictionary<string, int> ids)
    {
        var bytes = new int[256];
        for (var value = 0; value < 256; value++)
        {
            if (!ids.TryGetValue(string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>"), out bytes[value]))
            {
                return null;
            }
        }

        return bytes;
    }

    public static int? IdOf(string? token, IReadOnlyDictionary<string, int> ids, PartReader reader) =>
        token is null ? null
        : ids.TryGetValue(token, out var id) ? id
        : throw reader.Wrong($"the unknown token '{token}' is not in the vocabulary.");
}

/// <summary>Each piece is a token or unknown.</summary>
internal sealed class WordLevelModel(Dictionary<string, int> ids, int? unknown) : ITokenizerModel
{
    public static WordLevelModel Read(JsonObject part, PartReader reader, string path)
    {
        var ids = TokenizerModels.Ids(part, reader, path);
        return new WordLevelModel(
            ids,
            reader.TextOrNothing(part, "unk_token") is { } token && ids.TryGetValue(token, out var id) ? id : null
        );
    }

    public IReadOnlyDictionary<string, int> Vocabulary => ids;

    public void Encode(string piece, TokenSink sink)
    {
        if (ids.TryGetValue(piece, out var id))
        {
            sink.Add(id, 0, piece.Length);
        }
        else if (unknown is { } other)
        {
            sink.Add(other, 0, piece.Length);
        }
        else
        {
            sink.Lost += piece.Length;
        }
    }
}
