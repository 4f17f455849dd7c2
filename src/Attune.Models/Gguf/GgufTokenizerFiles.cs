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
    internal const int Unused = 5,
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
                GgufBytePairFiles.Write(file, texts, types, begin, end, folder);
                break;
            case "llama":
                WriteSentencePiece(file, texts, types, begin, end, folder);
                break;
            default:
                throw GgufImport.Wrong(
                    file,
                    $"tokenizer.ggml.model is '{kind}'; supported are gpt2 (byte-level pairs) and llama (SentencePiece)"
                );
        }

        if (file.Fields.GetValueOrDefault("tokenizer.chat_template") is string template)
        {
            AtomicFile.WriteText(Path.Combine(folder, "chat_template.jinja"), template);
        }

        TokenizerFiles.Load(folder); // says what is wrong with it, if anything is
    }

    private static void WriteSentencePiece(GgufFile file, string[] texts, int[] types, int? begin, int end, string folder)
    {
        if (file.Fields.GetValueOrDefault("tokenizer.ggml.add_space_prefix") is false)
        {
            throw GgufImport.Wrong(
                file,
                "tokenizer.ggml.add_space_prefix is false; supported are SentencePiece tokenizers that put a space before a text"
            );
        }

        // Rows of the model that no piece belongs to stand at the end.
        var pieces = 1 + Array.FindLastIndex(types, t => t != Unused);
        TokenizerFiles
            .FromPieces([.. texts.Zip(List<float>(file, "scores", texts.Length), types).Take(pieces)], begin, end, file.Path)
            .Save(folder);
    }

    /// <summary>The name of the expression that cuts texts into words.</summary>
    internal static string Words(GgufFile file) => file.Fields.GetValueOrDefault("tokenizer.ggml.pre") as string ?? "gpt-2";

    private static T[] List<T>(GgufFile file, string key, int vocabulary) =>
        file.Fields.GetValueOrDefault($"tokenizer.ggml.{key}") is T[] all && all.Length == vocabulary
            ? all
            : throw GgufImport.Wrong(
                file,
                $"the key 'tokenizer.ggml.{key}' is missing or does not have {vocabulary} values, one for each row of token_embd.weight"
            );

    private static int? Role(GgufFile file, string role, int vocabulary) =>
        file.Fields.GetValueOrDefault($"tokenizer.ggml.{role}_token_id") switch
        {
            null => null,
            uint id when id < vocabulary => (int)id,
            var other => throw GgufImport.Wrong(file, $"tokenizer.ggml.{role}_token_id is {other}; expected an id below {vocabulary}"),
        };
}
