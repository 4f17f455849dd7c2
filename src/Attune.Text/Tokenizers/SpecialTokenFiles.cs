using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Text.Files;

namespace Attune.Text.Tokenizers;

/// <summary>Which special token plays which role, from and to <c>tokenizer_config.json</c> and <c>special_tokens_map.json</c>.</summary>
internal static class SpecialTokenFiles
{
    public static JsonObject Roles(SpecialTokens special)
    {
        var roles = new JsonObject { ["eos_token"] = special.End };
        if (special.Begin is not null)
        {
            roles["bos_token"] = special.Begin;
        }
        if (special.Pad is not null)
        {
            roles["pad_token"] = special.Pad;
        }
        if (!special.Others.IsEmpty)
        {
            roles["additional_special_tokens"] = new JsonArray([.. special.Others.Select(o => (JsonNode)o)]);
        }
        return roles;
    }

    /// <param name="texts">Among which the two files may be; null for none.</param>
    /// <param name="endByDefault">The end token where no file names one.</param>
    /// <param name="beginByTemplate">The token that tokenizer.json's post-processor puts before a text; null where it puts none.</param>
    /// <exception cref="ModelFileException">No file names the end token.</exception>
    public static SpecialTokens Read(ModelTexts? texts, string? endByDefault, string? beginByTemplate, string source)
    {
        var config = texts?.JsonIfThere("tokenizer_config.json");
        var map = texts?.JsonIfThere("special_tokens_map.json");
        string? Role(string name) => JsonFile.Token(config?[name]) ?? JsonFile.Token(map?[name]);

        var end =
            Role("eos_token")
            ?? endByDefault
            ?? throw new ModelFileException(
                $"{source}: no file names the end token; expected \"eos_token\" in tokenizer_config.json or "
                    + "special_tokens_map.json beside it."
            );
        // GPT-2's files name a begin token, but the model was trained without one; only an explicit word or a template counts.
        var begin = JsonFile.Flag(config?["add_bos_token"]) switch
        {
            true => Role("bos_token")
                ?? throw new ModelFileException($"{source}: tokenizer_config.json says add_bos_token but names no bos_token."),
            false => null,
            null => beginByTemplate,
        };
        var others = new[] { config, map }
            .Select(f => f?["additional_special_tokens"])
            .OfType<JsonArray>()
            .SelectMany(list => list.Select(JsonFile.Token))
            .OfType<string>();
        return new SpecialTokens(begin, end, Role("pad_token")) { Others = [.. others.Distinct(StringComparer.Ordinal)] };
    }
}
