using Attune.Core;
using Attune.Models.Configuration;
using Attune.Text.Tokenizers;

namespace Attune.Recipes.Sources;

/// <summary>Whether a tokenizer and a model belong together.</summary>
public static class ModelTokenizer
{
    /// <summary>The tokenizer of a model folder.</summary>
    /// <exception cref="ModelFileException">Absent or damaged, or another model's: it has ids that this model does not know.</exception>
    public static ITokenizer Load(string folder)
    {
        var tokenizer = TokenizerFiles.Load(folder);
        Require(tokenizer, folder, ModelConfigFile.Read(folder));
        return tokenizer;
    }

    /// <summary>Refuses ids that the model has no embedding for. A padding token may lie outside: it is never looked up.</summary>
    /// <exception cref="ModelFileException">The tokenizer belongs to another model.</exception>
    public static void Require(ITokenizer tokenizer, string modelFolder, TransformerConfig config)
    {
        var ids = tokenizer.PadToken == tokenizer.VocabularySize - 1 ? tokenizer.PadToken : tokenizer.VocabularySize;
        if (ids > config.VocabularySize)
        {
            throw new ModelFileException(
                $"{modelFolder}: the tokenizer has {tokenizer.VocabularySize} tokens, but the model knows {config.VocabularySize} (vocab_size). They do not belong together; "
                + "use the tokenizer files that came with the model.");
        }
    }

    /// <summary>A model that judges another's tokens must mean the same by them.</summary>
    /// <exception cref="ModelFileException">Its own tokenizer files, where it has any, give other texts to the ids.</exception>
    public static void RequireSame(ITokenizer tokenizer, string judgeFolder, TransformerConfig judge)
    {
        Require(tokenizer, judgeFolder, judge);
        if (!HasFiles(judgeFolder))
        {
            return;
        }

        var own = TokenizerFiles.Load(judgeFolder);
        for (var id = 0; id < tokenizer.VocabularySize; id++)
        {
            var (text, ownText) = (tokenizer.Decode([id]), id < own.VocabularySize ? own.Decode([id]) : null);
            if (text != ownText)
            {
                throw new ModelFileException(
                    $"{judgeFolder}: the reward model has another tokenizer than the policy: token {id} is {(ownText is null ? "unknown" : $"'{ownText}'")} there and '{text}' here. "
                    + "Train the reward model from a model with the policy's tokenizer.");
            }
        }
    }

    private static bool HasFiles(string folder) =>
        File.Exists(Path.Combine(folder, "tokenizer.json")) || File.Exists(Path.Combine(folder, "tokenizer.model")) || File.Exists(Path.Combine(folder, "vocab.json"));
}
