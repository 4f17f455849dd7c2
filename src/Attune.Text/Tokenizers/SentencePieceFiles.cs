using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Text.Files;
using Attune.Text.Tokenizers.Pipeline;

namespace Attune.Text.Tokenizers;

/// <summary>The files of a SentencePiece tokenizer: <c>tokenizer.model</c>, with the roles of special tokens beside it.</summary>
internal static class SentencePieceFiles
{
    public static SentencePieceTokenizer Load(ModelTexts texts)
    {
        var path = texts.PathOf("tokenizer.model");
        var config = texts.JsonIfThere("tokenizer_config.json");
        var file = texts.Read("tokenizer.model");
        var added = AddedTokens(texts, config, path);
        // Unless a file says otherwise every text after a token begins with a space, in transformers and in llama.cpp.
        var spaces = JsonFile.Flag(config?["legacy"]) != false;
        var bare = new SentencePieceTokenizer(file, path, added, roles: null, spaces);
        // A role that names no known token means the files are of two tokenizers, which the constructor reports.
        var begin = JsonFile.Flag(config?["add_bos_token"]) == false ? null : JsonFile.Token(config?["bos_token"]) ?? bare.Special.Begin;
        var roles = new SpecialTokens(begin, JsonFile.Token(config?["eos_token"]) ?? bare.Special.End, JsonFile.Token(config?["pad_token"]))
        {
            Others = [.. added.Where(a => a.IsSpecial).Select(a => a.Content).Order(StringComparer.Ordinal)],
        };
        return new SentencePieceTokenizer(file, path, added, roles, spaces);
    }

    /// <summary>A model file alone.</summary>
    /// <param name="vocabularySize">The model's, to find a tokenizer of another model out.</param>
    /// <exception cref="ModelFileException">No such file, damaged, or of another size.</exception>
    public static SentencePieceTokenizer Import(string path, int vocabularySize)
    {
        byte[] file;
        try
        {
            file = File.ReadAllBytes(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path}: cannot be read: {problem.Message}", problem);
        }

        var tokenizer = new SentencePieceTokenizer(file, path, [], roles: null, spaceAfterTokens: true);
        return tokenizer.VocabularySize == vocabularySize
            ? tokenizer
            : throw new ModelFileException(
                $"{path}: holds {tokenizer.VocabularySize} tokens; expected {vocabularySize}, as the model has. The tokenizer belongs to "
                    + "another model."
            );
    }

    /// <summary>The files beside the model's: <c>tokenizer.json</c>, and those that say which special token plays which role.</summary>
    public static ImmutableDictionary<string, byte[]> Written(SentencePieceTokenizer tokenizer)
    {
        var roles = SpecialTokenFiles.Roles(tokenizer.Special);
        if (tokenizer.Model.Pieces.FirstOrDefault(p => p.Type == Pieces.PieceType.Unknown).Text is { } unknown)
        {
            roles["unk_token"] = unknown;
        }
        var config = (JsonObject)roles.DeepClone();
        config["add_bos_token"] = tokenizer.BeginToken is not null;
        config["add_eos_token"] = false;
        config["clean_up_tokenization_spaces"] = false;
        config["legacy"] = tokenizer.SpaceAfterTokens;
        // The general class takes tokenizer.json as it is; others build their own from the vocabulary.
        config["tokenizer_class"] = "PreTrainedTokenizerFast";
        var decoder = new JsonObject();
        foreach (var token in SentencePieceJson.Added(tokenizer))
        {
            decoder[token.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)] = token.ToJson(withId: false);
        }

        config["added_tokens_decoder"] = decoder;
        var files = ImmutableDictionary<string, byte[]>
            .Empty.Add("special_tokens_map.json", JsonFile.Bytes(roles))
            .Add("tokenizer_config.json", JsonFile.Bytes(config))
            .Add("tokenizer.json", JsonFile.Bytes(SentencePieceJson.Of(tokenizer)));
        if (tokenizer.Added.IsEmpty)
        {
            return files;
        }
        var added = new JsonObject();
        foreach (var token in tokenizer.Added.OrderBy(t => t.Id))
        {
            added[token.Content] = token.Id;
        }

        return files.Add("added_tokens.json", JsonFile.Bytes(added));
    }

    private static ImmutableArray<AddedToken> AddedTokens(ModelTexts texts, JsonObject? config, string source)
    {
        var added = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        if (texts.JsonIfThere("added_tokens.json") is { } file)
        {
            foreach (var (content, id) in JsonFile.Ids(file, texts.PathOf("added_tokens.json")))
            {
                added[content] = new AddedToken(id, content, true, false, false, false, false);
            }
        }
        if (config?["added_tokens_decoder"] is JsonObject decoder)
        {
            foreach (var (id, entry) in decoder)
            {
                if (!int.TryParse(id, out var number) || JsonFile.Token(entry) is not { Length: > 0 } content)
                {
                    throw new ModelFileException(
                        $"{source}: added_tokens_decoder in tokenizer_config.json has an entry '{id}' that names no token; "
                            + "expected an id with its \"content\"."
                    );
                }
                bool Is(string flag, bool otherwise) => JsonFile.Flag((entry as JsonObject)?[flag]) ?? otherwise;
                var special = Is("special", entry is not JsonObject);
                added[content] = new AddedToken(
                    number,
                    content,
                    special,
                    Is("normalized", !special),
                    Is("single_word", false),
                    Is("lstrip", false),
                    Is("rstrip", false)
                );
            }
        }

        return [.. added.Values.Where(a => a.Content.Length > 0).OrderBy(a => a.Id)];
    }
}
