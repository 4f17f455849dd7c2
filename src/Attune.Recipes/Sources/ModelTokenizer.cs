using Attune.Core;
using Attune.Data.Encoding;
using Attune.Models.Configuration;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training.Contracts;
using Attune.Training.Rewards;

namespace Attune.Recipes.Sources;

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

    /// <summary>
    /// A reward model as a judge of the policy's answers. Where its own tokenizer files give other texts to the ids, it reads the answers
    /// in its own tokens.
    /// </summary>
    /// <exception cref="ModelFileException">It has no tokenizer of its own, and the policy has ids that it does not know.</exception>
    public static IReward Judge(RewardModel model, string folder, Encoder policy)
    {
        var config = model.Members[0].Config;
        if (!HasFiles(folder))
        {
            Require(policy.Tokenizer, folder, config);
            return new LearnedReward(model);
        }

        var own = Load(folder);
        return IsSame(policy.Tokenizer, own.Tokenizer)
            ? new LearnedReward(model)
            : new RetokenizedReward(model with { Shared = null }, policy, new Encoder(own.Tokenizer, own.Template));
    }

    /// <summary>True where a model folder's own tokenizer files, if it has any, give the same texts to the ids.</summary>
    public static bool ReadsTheSameTokens(string folder, ITokenizer policy) =>
        !HasFiles(folder) || IsSame(policy, ChatText.Load(folder).Tokenizer);

    private static bool IsSame(ITokenizer policy, ITokenizer judge)
    {
        if (policy.VocabularySize != judge.VocabularySize || policy.EndToken != judge.EndToken || policy.BeginToken != judge.BeginToken)
        {
            return false;
        }

        for (var id = 0; id < policy.VocabularySize; id++)
        {
            if (policy.Decode([id]) != judge.Decode([id]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasFiles(string folder) =>
        File.Exists(Path.Combine(folder, "tokenizer.json"))
        || File.Exists(Path.Combine(folder, "tokenizer.model"))
        || File.Exists(Path.Combine(folder, "vocab.json"));
}
