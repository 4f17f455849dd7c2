using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Text.Files;

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
        var bare = new SentencePieceTokenizer(file, path, added, roles: null);
        // A role that names no known token means the files are of two tokenizers, which the constructor reports.
        var begin = JsonFile.Flag(config?["add_bos_token"]) == false ? null : JsonFile.Token(config?["bos_token"]) ?? bare.Special.Begin;
        var roles = new SpecialTokens(begin, JsonFile.Token(config?["eos_token"]) ?? bare.Special.End, JsonFile.Token(config?["pad_token"]))
        {
            Others = [.. added.Keys.Order(StringComparer.Ordinal)],
        };
        return new SentencePieceTokenizer(file, path, added, roles);
    }

    /// <summary>The files beside the model's that say which special token plays which role.</summary>
    public static ImmutableDictionary<string, byte[]> Roles(SentencePieceTokenizer tokenizer)
    {
        var roles = SpecialTokenFiles.Roles(tokenizer.Special);
        roles["unk_token"] = "<unk>";
        var config = (JsonObject)roles.DeepClone();
        config["add_bos_token"] = tokenizer.BeginToken is not null;
        config["add_eos_token"] = false;
        config["clean_up_tokenization_spaces"] = false;
        config["legacy"] = true;
        config["tokenizer_class"] = "LlamaTokenizer";
        var files = ImmutableDictionary<string, byte[]>
            .Empty.Add("special_tokens_map.json", JsonFile.Bytes(roles))
            .Add("tokenizer_config.json", JsonFile.Bytes(config));
        if (tokenizer.Added.Count == 0)
        {
            return files;
        }
        var added = new JsonObject();
        foreach (var (token, id) in tokenizer.Added.OrderBy(t => t.Value))
        {
            added[token] = id;
        }

        return files.Add("added_tokens.json", JsonFile.Bytes(added));
    }

    private static Dictionary<string, int> AddedTokens(ModelTexts texts, JsonObject? config, string source)
    {
        var added = texts.JsonIfThere("added_tokens.json") is { } file
            ? JsonFile.Ids(file, texts.PathOf("added_tokens.json"))
            : new Dictionary<string, int>(StringComparer.Ordinal);
        if (config?["added_tokens_decoder"] is JsonObject decoder)
        {
            foreach (var (id, entry) in decoder)
            {
                if (!int.TryParse(id, out var number) || JsonFile.Token(entry) is not { } content)
                {
                    throw new ModelFileException(
                        $"{source}: added_tokens_decoder in tokenizer_config.json has an entry '{id}' that names no token; "
                            + "expected an id with its \"content\"."
                    );
                }
                added[content] = number;
            }
        }

        return added;
    }
}
