using Attune.Core;
using Attune.Core.Conversations;
using Attune.Models.Encoders;
using Attune.Text.Tokenizers;

namespace Attune.Training.Rewards;

/// <summary>What an encoder that classifies reads of a prompt and an answer: the same in training and as a reward.</summary>
public sealed class ClassifierTexts
{
    private readonly ITokenizer _tokenizer;
    private readonly int _first;

    /// <param name="tokenizer">The classifier's own.</param>
    /// <exception cref="ModelFileException">The tokenizer is not one of an encoder, or another model's.</exception>
    public ClassifierTexts(ITokenizer tokenizer, EncoderConfig config)
    {
        _tokenizer = tokenizer;
        Longest = config.ContextLength - 2;
        _first =
            tokenizer.BeginToken
            ?? tokenizer.FindSpecial("[CLS]")
            ?? tokenizer.FindSpecial("<s>")
            ?? throw new ModelFileException(
                "the classifier's tokenizer puts no token before a text; expected one such as [CLS] or <s>, from which the class is read."
            );
        if (Math.Max(_first, tokenizer.EndToken) >= config.VocabularySize)
        {
            throw new ModelFileException(
                $"the classifier's tokenizer has the token {Math.Max(_first, tokenizer.EndToken)}, but the model knows "
                    + $"{config.VocabularySize} (vocab_size). They do not belong together."
            );
        }
    }

    /// <summary>Tokens of a text that fit between the two around it.</summary>
    public int Longest { get; }

    /// <summary>Prompt and answer as one text; of a conversation the reply alone: roles and turns mean nothing to an encoder.</summary>
    public static string TextOf(Prompt prompt, string answer) => prompt is Prompt.Text written ? written.Value + answer : answer;

    /// <summary>A text between the two tokens around it.</summary>
    /// <param name="cut">Whether its beginning was left out, because it is longer than the encoder reads.</param>
    public int[] Ids(string text, out bool cut)
    {
        var ids = _tokenizer.Encode(text);
        cut = ids.Length > Longest;
        return [_first, .. cut ? ids[^Longest..] : ids, _tokenizer.EndToken];
    }
}
