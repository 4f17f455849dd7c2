using System.Collections.Immutable;
using System.Text;
using Attune.Core.Files;
using Attune.Text.Gguf;

namespace Attune.Text.Tokenizers;

/// <summary>
/// The tokenizer and the chat template of a GGUF file as files of Hugging Face's layout: <c>tokenizer.json</c> for byte-level pairs,
/// <c>tokenizer.model</c> for SentencePiece.
/// </summary>
public static class GgufTexts
{
    // llama_token_type
    internal const int Unused = 5,
        Control = 3,
        UserDefined = 4;

    /// <summary>The files by name; none where the file has no tokenizer.</summary>
    /// <exception cref="Core.ModelFileException">The tokenizer is damaged or of another kind, or has another size than the
    /// embedding.</exception>
    public static ImmutableDictionary<string, byte[]> Of(GgufHeader file)
    {
        if (file.Fields.GetValueOrDefault("tokenizer.ggml.model") is not string kind || kind == "no_vocab")
        {
            return ImmutableDictionary<string, byte[]>.Empty;
        }

        var rows = file.Entries.GetValueOrDefault("token_embd.weight")?.Shape[0];
        var texts = List<string>(file, "tokens", rows);
        var types = List<int>(file, "token_type", texts.Length);
        var roles = new GgufRoles(
            Begin(file, kind, texts.Length),
            Role(file, "eos", texts.Length) is { } end
                ? end
                : throw file.Wrong("the key 'tokenizer.ggml.eos_token_id' is missing; an answer could not end"),
            Begins(file, kind)
        );
        var files = kind switch
        {
            "gpt2" => GgufBytePairTexts.Of(file, texts, types, roles),
            "llama" => SentencePiece(file, texts, types, roles),
            _ => throw file.Wrong($"tokenizer.ggml.model is '{kind}'; supported are gpt2 (byte-level pairs) and llama (SentencePiece)"),
        };
        return file.Fields.GetValueOrDefault("tokenizer.chat_template") is string template
            ? files.Add("chat_template.jinja", Encoding.UTF8.GetBytes(template))
            : files;
    }

    /// <summary>Writes the files into a folder; nothing where there are none.</summary>
    /// <exception cref="Core.ModelFileException">The tokenizer is damaged or of another kind.</exception>
    public static void Write(GgufHeader file, string folder)
    {
        var files = Of(file);
        if (files.IsEmpty)
        {
            return;
        }

        Directory.CreateDirectory(folder);
        foreach (var (name, bytes) in files)
        {
            AtomicFile.Write(Path.Combine(folder, name), stream => stream.Write(bytes));
        }

        TokenizerFiles.Load(folder); // says what is wrong with it, if anything is
    }

    private static ImmutableDictionary<string, byte[]> SentencePiece(GgufHeader file, string[] texts, int[] types, GgufRoles roles)
    {
        // Rows of the model that no piece belongs to stand at the end.
        var pieces = 1 + Array.FindLastIndex(types, t => t != Unused);
        return TokenizerFiles
            .FromPieces(
                [.. texts.Zip(List<float>(file, "scores", texts.Length), types).Take(pieces)],
                roles.Begins ? roles.Begin : null,
                roles.End,
                file.Path,
                file.Fields.GetValueOrDefault("tokenizer.ggml.add_space_prefix") is not false
            )
            .Files()
            .Remove("tokenizer.json"); // Pairs are merged by their scores, as llama.cpp does.
    }

    // Where a file does not say whether texts begin with the begin token: as llama.cpp has it.
    private static bool Begins(GgufHeader file, string kind) =>
        file.Fields.GetValueOrDefault("tokenizer.ggml.add_bos_token") as bool?
        ?? (kind == "llama" || GgufWords.Named(Words(file)) is { Begins: true });

    private static int? Begin(GgufHeader file, string kind, int vocabulary) =>
        Role(file, "bos", vocabulary) switch
        {
            null when Begins(file, kind) && file.Fields.ContainsKey("tokenizer.ggml.add_bos_token") => throw file.Wrong(
                "tokenizer.ggml.add_bos_token is true, but there is no tokenizer.ggml.bos_token_id"
            ),
            var begin => begin,
        };

    /// <summary>The name of the expression that cuts texts into words.</summary>
    internal static string Words(GgufHeader file) =>
        file.Fields.GetValueOrDefault("tokenizer.ggml.pre") as string is { Length: > 0 } name ? name : GgufWords.Default;

    private static T[] List<T>(GgufHeader file, string key, long? vocabulary) =>
        file.Fields.GetValueOrDefault($"tokenizer.ggml.{key}") is T[] all && (vocabulary is null || all.Length == vocabulary)
            ? all
            : throw file.Wrong(
                $"the key 'tokenizer.ggml.{key}' is missing or does not have {vocabulary} values, one for each row of token_embd.weight"
            );

    private static int? Role(GgufHeader file, string role, int vocabulary) =>
        file.Fields.GetValueOrDefault($"tokenizer.ggml.{role}_token_id") switch
        {
            null => null,
            uint id when id < vocabulary => (int)id,
            var other => throw file.Wrong($"tokenizer.ggml.{role}_token_id is {other}; expected an id below {vocabulary}"),
        };
}

/// <summary>The tokens that begin and end texts.</summary>
/// <param name="Begin">Null where the file names none.</param>
/// <param name="Begins">Whether the begin token is put before a text.</param>
internal sealed record GgufRoles(int? Begin, int End, bool Begins);
