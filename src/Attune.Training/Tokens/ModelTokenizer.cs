using Attune.Core;
using Attune.Models.Configuration;
using Attune.Models.Files;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;

namespace Attune.Training.Tokens;

/// <summary>Whether a tokenizer and a model belong together.</summary>
public static class ModelTokenizer
{
    /// <summary>The tokenizer and the chat template of a model folder.</summary>
    /// <param name="template">A built-in template's name, for a folder that has none.</param>
    /// <exception cref="ModelFileException">Absent or damaged, or another model's: it has ids that this model does not know.</exception>
    public static ChatText Load(string folder, string? template = null)
    {
        var text = ChatText.Load(folder, template);
        Require(text.Tokenizer, folder, ModelConfigFile.Read(folder));
        return text;
    }

    /// <summary>Refuses ids that the model has no embedding for. A padding token may lie outside: it is never looked up.</summary>
    /// <exception cref="ModelFileException">The tokenizer belongs to another model.</exception>
    public static void Require(ITokenizer tokenizer, string modelFolder, TransformerConfig config)
    {
        var ids = tokenizer.PadToken == tokenizer.VocabularySize - 1 ? tokenizer.PadToken : tokenizer.VocabularySize;
        if (ids > config.VocabularySize)
        {
            throw new ModelFileException(
                $"{modelFolder}: the tokenizer has {tokenizer.VocabularySize} tokens, but the model knows "
                    + $"{config.VocabularySize} (vocab_size). They do not belong together; "
                    + "use the tokenizer files that came with the model."
            );
        }
    }

    /// <summary>True where a model folder's own tokenizer files, if it has any, give the same texts to the ids.</summary>
    public static bool ReadsTheSameTokens(string folder, ITokenizer policy) =>
        !HasFiles(folder) || IsSame(policy, ChatText.Load(folder).Tokenizer);

    /// <summary>True where both give the same texts to the same ids.</summary>
    public static bool IsSame(ITokenizer one, ITokenizer other)
    {
        if (one.VocabularySize != other.VocabularySize || one.EndToken != other.EndToken || one.BeginToken != other.BeginToken)
        {
            return false;
        }

        for (var id = 0; id < one.VocabularySize; id++)
        {
            if (one.Decode([id]) != other.Decode([id]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a model folder has tokenizer files, or a GGUF file a tokenizer.</summary>
    public static bool HasFiles(string folder) => ModelTexts.Of(folder).HasTokenizer;
}
