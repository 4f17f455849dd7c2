using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Text.Files;

namespace Attune.Text.Tokenizers;

/// <summary>The files of a SentencePiece tokenizer: <c>tokenizer.model</c>, with the roles of special tokens beside it.</summary>
internal static class SentencePieceFiles
{
    public static SentencePieceTokenizer Load(string directory)
    {
        var path = Path.Combine(directory, "tokenizer.model");
        var config = JsonFile.ReadIfThere(Path.Combine(directory, "tokenizer_config.json"));
        var added = AddedTokens(directory, config, path);
        var bare = new SentencePieceTokenizer(ReadAll(path), path, added, roles: null);
        // A role that names no known token means the files are of two tokenizers, which the constructor reports.
        var begin = JsonFile.Flag(config?["add_bos_token"]) == false ? null : JsonFile.Token(config?["bos_token"]) ?? bare.Special.Begin;
        var roles = new SpecialTokens(begin, JsonFile.Token(config?["eos_token"]) ?? bare.Special.End, JsonFile.Token(config?["pad_token"]))
        {
            Others = [.. added.Keys.Order(StringComparer.Ordinal)],
        };
        return new SentencePieceTokenizer(ReadAll(path), path, added, roles);
    }

    public static void SaveRoles(SentencePieceTokenizer tokenizer, string directory)
    {
        var roles = SpecialTokenFiles.Roles(tokenizer.Special);
        roles["unk_token"] = "<unk>";
        JsonFile.Write(Path.Combine(directory, "special_tokens_map.json"), roles);
        var config = (JsonObject)roles.DeepClone();
        config["add_bos_token"] = tokenizer.BeginToken is not null;
        config["add_eos_token"] = false;
        config["clean_up_tokenization_spaces"] = false;
        config["legacy"] = true;
        config["tokenizer_class"] = "LlamaTokenizer";
        JsonFile.Write(Path.Combine(directory, "tokenizer_config.json"), config);
        if (tokenizer.Added.Count == 0)
        {
            return;
        }
        var added = new JsonObject();
        foreach (var (token, id) in tokenizer.Added.OrderBy(t => t.Value))
        {
            added[token] = id;
        }

        JsonFile.Write(Path.Combine(directory, "added_tokens.json"), added);
    }

    private static Dictionary<string, int> AddedTokens(string directory, JsonObject? config, string source)
    {
        var path = Path.Combine(directory, "added_tokens.json");
        var added = JsonFile.ReadIfThere(path) is { } file ? JsonFile.Ids(file, path) : new Dictionary<string, int>(StringComparer.Ordinal);
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

    private static byte[] ReadAll(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path}: cannot be read: {problem.Message}", problem);
        }
    }
}
